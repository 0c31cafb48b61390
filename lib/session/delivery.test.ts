/** Calls and state over connections that break: nothing twice, nothing lost, and the difference instead of all. */
import { describe, expect, it } from 'vitest'
import { defineState, reply } from '../doors/authors.js'
import type { ClientView } from '../state/definition.js'
import { type Memory, memoryStore } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { done, gate } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'
import { TestTab, testHub } from '../testing/kit.js'
import { type MortalStore, mortalStore } from '../testing/mortal.js'

let wait = gate()

const d = defineState('d', () => ({ n: 0, rows: Array.from({ length: 100 }, (_, id) => ({ id, name: `row ${id}` })) }))
  .tasks((background) => ({
    job: background(({ sleep }) => sleep(10_000)),
    count: background(({ update }) => update((s) => void (s.n += 1))),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    slow: on(async (s) => {
      await wait.opened
      s.n += 1
    }),
    ask: on(() => reply('nothing changes')),
    refuse: on(() => {
      throw new Error('on purpose')
    }),
    steps: on(async function* (s) {
      s.n += 10
      yield
      await wait.opened
      s.n += 100
    }),
    rename: on((s, index: number, name: string) => {
      const row = s.rows[index]
      if (row) row.name = name
    }),
  }))

async function open(shared: StateStore = memoryStore()) {
  wait = gate()
  const store = mortalStore(shared)
  const kit = testHub([d], { store })
  const tab = await kit.open()
  const state = await tab.watch(d)
  return { ...kit, shared, store, tab, state, d: () => tab.state(d) }
}

/** The process of the hub ends at once, and the next one is started over the same store. */
async function restarted(store: StateStore, before: MortalStore, tab: TestTab) {
  before.die()
  const kit = testHub([d], { store })
  tab.rewire(kit.hub, kit.clock)
  await tab.reconnect()
  await kit.clock.advance(50)
  return kit
}

describe('a page that comes back', () => {
  it('gets the difference to what it heard last, and keeps what did not change', async () => {
    const { hub, tab, d: now, clock } = await open()
    const before = now().rows
    tab.drop()
    await hub.modifyState(tab.token, d, (s) => {
      if (s.rows[7]) s.rows[7].name = 'new'
    })
    await tab.reconnect()
    await clock.advance(20)
    const [name, , from, to, patches] = tab.wire.received.at(-1) ?? []
    expect([name, from, to, patches]).toEqual(['r', 0, 1, [[[0, 'rows', 7, 'name'], 'new']]])
    expect(now().rows[7]?.name).toBe('new')
    expect(now().rows[8]).toBe(before[8])
    expect(tab.connection).toBe('live')
  })

  it('gets also what it was sent and did not hear, the status of tasks included', async () => {
    const { tab, state, d: now, clock } = await open()
    tab.wire.deaf = true
    void state.job.start()
    void state.add(1)
    await clock.advance(50)
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    await clock.advance(20)
    expect(tab.wire.received.at(-2)?.[0] ?? tab.wire.received.at(-1)?.[0]).toBe('r')
    expect(now()).toMatchObject({ n: 1, job: { running: 1 } })
  })

  it('gets all when the hub does not remember what it heard', async () => {
    const { tab, hub, d: now, clock } = await open()
    tab.wire.deaf = true
    for (let index = 0; index < 40; index += 1) {
      await hub.modifyState(tab.token, d, (s) => void (s.n += 1))
      await clock.advance(20)
    }
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    await clock.advance(20)
    expect(tab.wire.received.at(-1)?.[0]).toBe('w')
    expect(now().n).toBe(40)
  })

  it('takes over from its own half-open connection, whose late end harms nothing', async () => {
    const { hub, tab, state, d: now, clock } = await open()
    const call = state.slow()
    await clock.settle()
    const late = tab.wire.abandon()
    await tab.reconnect()
    expect(tab.connection).toBe('live')
    late()
    wait.open()
    await done(clock, call)
    await clock.advance(20)
    expect(now().n).toBe(1)
    expect(tab.connection).toBe('live')
    await hub.modifyState(tab.token, d, (s) => void (s.n = 5))
    await clock.advance(20)
    expect(now().n).toBe(5)
  })

  it('sees calls end in the order in which it made them, while the first still runs for the old connection', async () => {
    const { tab, state, d: now, clock } = await open()
    const ends: string[] = []
    const calls = [state.slow().then(() => ends.push('slow')), state.add(1).then(() => ends.push('add'))]
    await clock.settle()
    tab.drop()
    await tab.reconnect()
    await clock.advance(50)
    expect(ends).toEqual([])
    wait.open()
    await done(clock, Promise.all(calls))
    expect(ends).toEqual(['slow', 'add'])
    expect(now().n).toBe(2)
  })
})

describe('a call that is sent again', () => {
  it('does not cancel what was started after it', async () => {
    const { tab, state, d: now, clock } = await open()
    tab.wire.deaf = true
    const calls = [state.job.cancel(), state.job.start()]
    await clock.advance(50)
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    await clock.advance(20)
    expect(now().job.running).toBe(1)
  })

  it('starts no second copy of a task', async () => {
    const { tab, state, d: now, clock } = await open()
    tab.wire.deaf = true
    const call = state.job.start()
    await clock.advance(50)
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    await done(clock, call)
    await clock.advance(20)
    expect(now().job.running).toBe(1)
  })

  it('starts no second copy when the first save of the first one outlived the server', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    tab.wire.deaf = true
    const call = state.count.start()
    await clock.advance(50)
    tab.wire.deaf = false
    const next = await restarted(shared, store, tab)
    await done(next.clock, call)
    await next.clock.advance(100)
    expect(tab.state(d).n).toBe(1)
  })

  it('is known that ended while a save was under way which began before', async () => {
    const memory = memoryStore()
    let saving: Promise<void> | undefined
    const { tab, state, clock } = await open({
      ...memory,
      save: async (token, next) => {
        await saving
        return memory.save(token, next)
      },
    })
    const slow = gate()
    saving = slow.opened
    tab.wire.deaf = true
    const calls = [state.count.start(), state.job.start()]
    await clock.advance(50)
    slow.open()
    await clock.advance(50)
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    await clock.advance(20)
    expect(tab.state(d)).toMatchObject({ n: 1, job: { running: 1 } })
  })

  it('to a server that was started anew has no second effect', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    tab.wire.deaf = true
    const calls = [state.add(1), state.add(2)]
    await clock.advance(50)
    tab.wire.deaf = false
    const next = await restarted(shared, store, tab)
    await done(next.clock, Promise.all(calls))
    expect(tab.state(d).n).toBe(3)
  })

  it('fails with interrupted when the server ended after a part of it was shown', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    const call = expect(state.steps()).rejects.toMatchObject({ code: 'interrupted' })
    await clock.advance(50)
    expect(tab.state(d).n).toBe(10)
    await restarted(shared, store, tab)
    await call
    expect(tab.state(d).n).toBe(10)
  })

  it('runs when the server ended before it was saved', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    const call = state.slow()
    await clock.advance(50)
    const next = await restarted(shared, store, tab)
    wait.open()
    await done(next.clock, call)
    expect(tab.state(d).n).toBe(1)
  })
})

it('a tab whose token was signed with a secret that is being replaced goes on, and so do its calls', async () => {
  const shared = memoryStore()
  const store = mortalStore(shared)
  const before = testHub([d], { store, secret: 'old' })
  const tab = await before.open()
  const state = await tab.watch(d)
  await done(before.clock, state.add(1))
  const signed = tab.signedToken
  store.die()
  const { hub, clock } = testHub([d], { store: shared, secret: ['new', 'old'] })
  tab.rewire(hub, clock)
  const call = state.add(2)
  await tab.reconnect()
  await done(clock, call)
  expect(tab.state(d).n).toBe(3)
  expect(tab.signedToken?.slice(0, 32)).toBe(signed?.slice(0, 32))
  expect(tab.signedToken).not.toBe(signed)
})

describe('a duplicated tab', () => {
  const duplicated = async ({ hub, clock, tab }: Awaited<ReturnType<typeof open>>, browser = tab.browser) => {
    const copy = new TestTab(hub, clock, browser, tab.signedToken, true)
    copy.state(d)
    copy.connect()
    await clock.advance(50)
    return copy
  }

  it('gets a token of its own and a copy of the state, and from then on goes its own way', async () => {
    const kit = await open()
    const { clock, tab, state, d: first } = kit
    await done(clock, state.add(5))
    void state.job.start()
    await clock.settle()
    const copy = await duplicated(kit)
    expect(copy.token).not.toBe(tab.token)
    expect(copy.state(d)).toMatchObject({ n: 5, job: { running: 0 } })
    await done(clock, copy.state(d).add(1))
    await done(clock, state.rename(0, 'mine'))
    await clock.advance(50)
    expect([first().n, copy.state(d).n]).toEqual([5, 6])
    expect(copy.state(d).rows[0]?.name).toBe('row 0')
  })

  it.each<[string, (copy: ClientView<typeof d>) => Promise<unknown>]>([
    ['its copy', async () => {}],
    ['a task that has changed nothing yet', (copy) => copy.job.start()],
    ['a reply', (copy) => copy.ask()],
    ['both, one after the other', (copy) => Promise.all([copy.ask(), copy.job.start(), copy.ask(), copy.add(0)])],
    ['a failure', (copy) => copy.refuse().catch(() => {})],
  ])('keeps its copy over a crash after %s', async (_, act) => {
    const kit = await open()
    const { clock, store, state, shared } = kit
    await done(clock, state.add(5))
    const copy = await duplicated(kit)
    await done(clock, act(copy.state(d)))
    await clock.advance(50)
    expect(copy.state(d).n).toBe(5)
    const next = await restarted(shared, store, copy)
    await done(next.clock, copy.state(d).add(1))
    expect(copy.state(d).n).toBe(6)
    expect(copy.state(d).rows).toHaveLength(100)
  })

  it('is shown its copy once that is saved', async () => {
    const shared = memoryStore()
    let failures = 0
    const save: StateStore['save'] = (token, next) => {
      failures -= 1
      if (failures >= 0) throw new Error('the disk failed')
      return shared.save(token, next)
    }
    const kit = await open({ ...shared, save })
    await done(kit.clock, kit.state.add(5))
    failures = 2
    const copy = await duplicated(kit)
    expect([copy.connection, copy.state(d).n]).toEqual(['connecting', 0])
    for (let tries = 0; tries < 2; tries += 1) await copy.reconnect()
    await kit.clock.advance(50)
    expect([copy.connection, copy.state(d).n]).toEqual(['live', 5])
    expect(kit.hub.instance(copy.token).revision).toBe(1)
  })

  it('begins with first values if the hub is told so', async () => {
    const clock = new TestClock()
    const { hub } = testHub([d], { onDuplicate: 'fresh' }, clock)
    const tab = new TestTab(hub, clock, 'b')
    tab.connect()
    await done(clock, (await tab.watch(d)).add(5))
    const copy = await duplicated({ hub, clock, tab } as never)
    expect(copy.state(d).n).toBe(0)
    expect(copy.connection).toBe('live')
  })

  it('gets nothing of the tab of another browser', async () => {
    const kit = await open()
    await done(kit.clock, kit.state.add(5))
    const thief = await duplicated(kit, 'another browser')
    expect(thief.state(d).n).toBe(0)
    expect(thief.connection).toBe('live')
  })
})

describe('a task', () => {
  it('that ran when the server ended is shown as interrupted by the next one, and can be started again', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    await done(clock, state.job.start())
    await done(clock, state.add(1))
    await restarted(shared, store, tab)
    expect(tab.state(d)).toMatchObject({ n: 1, job: { running: 0, outcome: 'failed', error: { code: 'interrupted' } } })
  })

  it('that had ended by then is not', async () => {
    const shared = memoryStore()
    const { tab, state, clock, store } = await open(shared)
    await done(clock, state.job.start())
    await done(clock, state.add(1))
    await clock.advance(20_000)
    await restarted(shared, store, tab)
    expect(tab.state(d)).toMatchObject({ n: 1, job: { running: 0, error: null } })
  })
})

describe('a process that was frozen while another one took its place', () => {
  const work = defineState('work', () => ({ n: 0, rounds: 0 }))
    .tasks((background) => ({
      turn: background(async ({ update, sleep }) => {
        for (;;) {
          await update((s) => void (s.rounds += 1))
          await sleep(10)
        }
      }),
    }))
    .events((on) => ({ add: on((s, by: number) => void (s.n += by)) }))

  /** A hub whose saves wait while it is frozen, and one that starts beside it. */
  async function frozen() {
    const memory: Memory = new Map()
    const clock = new TestClock()
    let thawed = Promise.resolve()
    const thaw = gate()
    const store = mortalStore(memoryStore(memory), { slow: () => thawed })
    const first = testHub([work], { store }, clock)
    const tab = await first.open()
    await tab.watch(work)
    return {
      clock,
      first,
      tab,
      fields: () => memory.get(tab.token)?.stored.state.work,
      freeze: () => {
        thawed = thaw.opened
      },
      /** The tab reaches another process, which has the same store. */
      replace: async () => {
        const second = testHub([work], { store: memoryStore(memory) }, clock)
        tab.rewire(second.hub, clock)
        await tab.reconnect()
        return second
      },
      thaw: async () => {
        thaw.open()
        await clock.settle()
      },
    }
  }

  it('does not run a call that waited for its lock and has been run elsewhere since', async () => {
    const { clock, first, tab, fields, freeze, replace, thaw } = await frozen()
    freeze()
    const late = first.hub.modifyState(tab.token, work, (s) => void (s.n += 100))
    const call = tab.state(work).add(5)
    await clock.settle()
    await replace()
    await done(clock, call)
    const refused = expect(late).rejects.toMatchObject({ code: 'stale-write' })
    await thaw()
    await refused
    expect(fields()).toMatchObject({ n: 5 })
    const next = tab.state(work).add(1)
    await clock.settle()
    await tab.reconnect() // the first one has looked, so it owned the state again for a moment
    await done(clock, next)
    expect(fields()).toMatchObject({ n: 6 })
  })

  it('ends its tasks of a tab that another one has taken over', async () => {
    const { clock, first, tab, fields, freeze, replace, thaw } = await frozen()
    await done(clock, Promise.all([tab.state(work).turn.start(), tab.state(work).turn.start()]))
    freeze()
    await clock.advance(50)
    await replace()
    expect(tab.state(work).turn).toMatchObject({ running: 0, error: { code: 'interrupted' } })
    const { rounds } = fields() as { rounds: number }
    await thaw()
    await clock.advance(100)
    expect([...first.hub.backgroundTasks]).toEqual([])
    expect(fields()).toMatchObject({ rounds })
  })
})
