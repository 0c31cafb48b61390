import { describe, expect, it } from 'vitest'
import type { Coordinator } from '../cluster/coordinator.js'
import { defineState, Refusal } from '../doors/authors.js'
import { TestClock } from '../testing/clock.js'
import { openNodes } from './nodes.fixture.js'
import { marksOf } from './stale-cookies.js'

interface Counted {
  n: number
  by: string[]
  attempts: number[]
  runs: string[]
}

/** Which process runs this code is told by the clock of the hub alone, so a task says its attempt. */
const d = defineState('d', (): Counted => ({ n: 0, by: [], attempts: [], runs: [] }))
  .tasks((background) => ({
    count: background({ concurrency: 'single' }, async ({ update, sleep, progress }, to: number) => {
      for (let made = 1; made <= to; made += 1) {
        await update((s) => void (s.n += 1))
        progress(made / to, `${made} of ${to}`)
        await sleep(100)
      }
    }),
    sure: background({ durable: true }, async ({ update, sleep, run, attempt }, to: number) => {
      await update((s) => void (s.attempts.push(attempt), s.runs.push(run)))
      while (await update((s) => s.n < to && ++s.n)) await sleep(100)
    }),
    lingers: background({ durable: true, onDisconnect: { grace: '5s' } }, async ({ sleep }) => sleep(1_000_000)),
    fails: background(async ({ update }) => {
      await update((s) => void (s.n += 1))
      throw new Refusal('it went wrong')
    }),
  }))
  .events((on, { sure }) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    slowly: on(async (s, by: number) => {
      await pause(500)
      s.n += by
    }),
    steps: on(async function* (s, by: number) {
      s.n += by
      yield
      await pause(500)
      s.n += by
    }),
    begin: on((s, to: number) => {
      s.by.push('begin')
      return sure(to)
    }),
  }))

let clock = new TestClock()
const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))

const open = (count = 2) => {
  clock = new TestClock()
  return openNodes(clock, d, { count })
}

describe('a tab', () => {
  it('is served by any process, with the state that another one has made', async () => {
    const { b, now, move, end, state } = await open()
    await end(state.add(1))
    await move(b)
    expect(now().n).toBe(1)
    expect(await end(state.add(10))).toEqual({ value: undefined })
    expect(now().n).toBe(11)
    expect(b.log.lines).toEqual([])
  })
  it('that comes to a process which does not know yet that its save is kept, as the tab does, is not shown an older state', async () => {
    const { a, b, tab, now, move, end } = await open()
    await end(a.hub.modifyState(tab.token, d, (s) => void (s.n = 5)))
    await move(b)
    const { coordinator } = a.store as unknown as { coordinator: Coordinator }
    const { save } = coordinator
    coordinator.save = async (each) => {
      const saved = await save(each)
      await pause(50) // its answer is late, and others are told meanwhile
      return saved
    }
    const modified = a.hub.modifyState(tab.token, d, (s) => void (s.n = 6))
    await clock.advance(20)
    expect(now().n).toBe(6)
    const { revision } = tab
    const moving = move(a)
    await clock.advance(10)
    expect(tab.revision).toBe(revision)
    await end(modified)
    await end(moving)
    expect([now().n, tab.revision, tab.connection]).toEqual([6, revision, 'live'])
  })
  it('sees what server code of another process makes of its state', async () => {
    const { a, b, tab, now, end } = await open()
    await end(b.hub.modifyState(tab.token, d, (s) => void (s.n = 5)))
    expect(now().n).toBe(5)
    await end(a.hub.modifyState(tab.token, d, (s) => void (s.n += 1)))
    await end(b.hub.modifyState(tab.token, d, (s) => void (s.n += 1)))
    expect(now().n).toBe(7)
  })
  it('whose first save another process has made, unseen by it, has lost nothing when it moves', async () => {
    const { a, b, tab, now, move, end, state } = await open()
    tab.wire.abandon()
    await end(b.hub.modifyState(tab.token, d, (s) => void (s.n = 1))) // its process says so over a line that leads nowhere
    await move(a)
    expect(await end(state.add(10))).toEqual({ value: undefined })
    tab.wire.deaf = true
    const called = state.add(100) // takes effect, and its end is not heard
    await clock.advance(50)
    tab.wire.deaf = false
    await move(b)
    expect(await end(called)).toEqual({ value: undefined })
    expect(now().n).toBe(111)
  })
  it('waits for the lock that another process holds, in turn', async () => {
    const { b, tab, now, end, state } = await open()
    const slow = b.hub.modifyState(tab.token, d, async (s) => {
      await pause(300)
      s.n += 100
    })
    await clock.advance(50)
    expect(await end(state.add(1))).toBe('waits')
    await clock.advance(300)
    await slow
    expect(now().n).toBe(101)
  })
  it('whose call runs in the process that it left, and is sent again to another, has it once', async () => {
    const { a, b, now, move, end, state } = await open()
    const call = state.slowly(7)
    await clock.advance(100)
    await move(b)
    expect(await end(call, 1_000)).toEqual({ value: undefined })
    expect(now().n).toBe(7)
    expect([...a.log.lines, ...b.log.lines]).toEqual([])
  })
  it('whose call runs still in the process that it left is not told that it was interrupted, though that cannot be asked', async () => {
    const { b, tab, now, move, end, state } = await open()
    const call = state.steps(7)
    await clock.advance(100)
    const { coordinator } = b.store as unknown as { coordinator: Coordinator }
    const { claim } = coordinator
    coordinator.claim = async () => {
      coordinator.claim = claim
      throw new Error('the connection failed')
    }
    await move(b)
    await clock.advance(100)
    expect(tab.connection).toBe('reconnecting')
    await tab.reconnect()
    expect(await end(call, 1_000)).toEqual({ value: undefined })
    expect(now().n).toBe(14)
  })
  it('that sends again a call which was done is told so, though another save fails meanwhile', async () => {
    const { a, b, tab, now, move, end, state } = await open()
    await end(state.count.start(100), 50)
    const call = state.slowly(1_000)
    await clock.advance(100)
    tab.drop()
    await clock.advance(600) // its answer reaches nobody
    a.kill()
    await clock.advance(1_500)
    const { coordinator } = b.store as unknown as { coordinator: Coordinator }
    const { save } = coordinator
    let failed = 0
    coordinator.save = async () => {
      coordinator.save = save
      failed += 1
      throw new Error('the connection failed')
    }
    const other = b.hub.modifyState(tab.token, d, (s) => void (s.n += 1)).catch((error) => error)
    await move(b)
    expect(await end(call, 1_000)).toEqual({ value: undefined })
    expect([failed, await other]).toMatchObject([1, { code: 'save-failed' }])
    expect(Math.floor(now().n / 1_000)).toBe(1)
  })
})

describe('a task in another process', () => {
  it('is shown with its progress, is not started twice, and its end is seen', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.count.start(10))
    await move(b)
    await clock.advance(400)
    expect(now().count).toMatchObject({ running: 1 })
    expect(now().count.progress).toBeGreaterThan(0)
    expect(await end(state.count.start(10), 20)).toEqual({ value: { run: expect.any(String) } }) // it joins
    expect(await end(state.count.start(11), 20)).toEqual({ error: 'already-running' })
    expect(await end(state.add(1000), 20)).toEqual({ value: undefined })
    await clock.advance(2_000)
    expect(now()).toMatchObject({ n: 1010, count: { running: 0, error: null } })
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([0, 0])
  })
  it('is cancelled from here, and writes nothing more', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.count.start(100), 250)
    await move(b)
    expect(await end(state.count.cancel(), 50)).toEqual({ value: undefined })
    const { n } = now()
    await clock.advance(3_000)
    expect(now()).toMatchObject({ n, count: { running: 0, error: null } })
    expect(a.hub.backgroundTasks.size).toBe(0)
  })
  it('ends with the state of its tab, which another process ends, and its page there starts over', async () => {
    const { a, b, tab, now, move, end, state } = await open()
    await end(state.count.start(100), 250)
    await move(b)
    const { token } = tab
    expect(await end(a.hub.forgottenTabs.forget(token), 500)).toEqual({ value: undefined })
    await clock.advance(3_000)
    expect([a, b].map(({ hub }) => hub.backgroundTasks.size)).toEqual([0, 0])
    await tab.reconnect()
    await clock.advance(100)
    expect(tab.token).not.toBe(token)
    expect(now()).toMatchObject({ n: 0, count: { running: 0 } })
    expect((await a.store.read(token))?.state).toEqual({})
  })
  it('has its connection closed by another process, by token, by browser, and for other cookies', async () => {
    const { a, b, tab, end, state } = await open()
    await end(state.add(1))
    const wishes = [
      () => b.hub.disconnect({ token: tab.token }),
      () => b.hub.disconnect({ browser: tab.browser }),
      () => b.hub.forgottenTabs.compare(tab.token, marksOf('session=bob')),
    ]
    for (const wish of wishes) {
      expect(tab.wire.connected).toBe(true)
      wish()
      await clock.advance(100)
      expect(tab.wire.connected).toBe(false)
      await tab.reconnect()
      await clock.advance(100)
    }
    b.hub.disconnect({ token: 'f'.repeat(32) })
    await clock.advance(100)
    expect([tab.wire.connected, tab.state(d).n]).toEqual([true, 1])
    expect([...a.log.lines, ...b.log.lines]).toEqual([])
  })
  it('that was ended takes no change of another process any more, and is not kept longer by further logouts', async () => {
    const { a, b, tab, end, state } = await open()
    await end(state.add(1))
    const { token } = tab
    await end(a.hub.forgottenTabs.forget(token))
    for (const { hub } of [a, b])
      expect(await end(hub.modifyState(token, d, (s) => void (s.n = 100)))).toEqual({ error: 'unknown-token' })
    await clock.advance(200_000)
    for (const { hub } of [b, a])
      expect(await end(hub.modifyState(token, d, (s) => void (s.n = 100)))).toEqual({ error: 'unknown-token' })
    const kept = await a.store.read(token)
    expect(kept).toMatchObject({ state: {}, forgotten: true })
    for (const { hub } of [a, b]) await end(hub.forgottenTabs.forgetBrowser(tab.browser))
    await end(b.hub.forgottenTabs.forget(token))
    expect((await a.store.read(token))?.revision).toBe(kept?.revision)
    expect([...a.log.lines, ...b.log.lines]).toEqual([])
  })
  it('ends with all tabs of its browser, in all processes', async () => {
    const { a, b, tab, now, end, state } = await open()
    const other = await b.open(tab.browser)
    const bob = await b.open()
    for (const one of [other, bob]) await one.watch(d)
    await end(other.state(d).count.start(100), 250)
    await end(bob.state(d).add(1))
    await end(state.add(1))
    const tokens = [tab, other].map(({ token }) => token)
    expect(await end(a.hub.forgottenTabs.forgetBrowser(tab.browser), 500)).toEqual({ value: undefined })
    await clock.advance(3_000)
    expect([a, b].map(({ hub }) => hub.backgroundTasks.size)).toEqual([0, 0])
    for (const one of [tab, other]) await one.reconnect()
    await clock.advance(100)
    for (const one of [tab, other]) expect(tokens).not.toContain(one.token)
    expect([now().n, other.state(d).n, bob.state(d).n]).toEqual([0, 0, 1])
  })
  it('that fails there is shown as failed here', async () => {
    const { a, b, tab, now, end, move } = await open()
    await move(b)
    const far = a.hub.modifyState(tab.token, d, () => {})
    await end(far)
    a.hub.start(tab.token, [d.triggers.fails()])
    await clock.advance(100)
    expect(now()).toMatchObject({ n: 1, fails: { running: 0, error: { message: 'it went wrong' } } })
  })
  it('is shown as interrupted when that process has died', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.count.start(100), 250)
    await move(b)
    a.kill()
    await clock.advance(1_500)
    expect(now()).toMatchObject({ count: { running: 0, error: { code: 'interrupted' } } })
    expect(await end(state.add(1))).toEqual({ value: undefined })
  })
})

describe('a durable task', () => {
  it('goes on in another process when its own has died', async () => {
    const { a, b, now, move, end, state } = await open(3)
    await end(state.begin(30), 450)
    a.kill()
    await move(b)
    await clock.advance(1_600)
    expect(now()).toMatchObject({ attempts: [1, 2], sure: { running: 1, error: null } })
    await clock.advance(4_000)
    expect(now()).toMatchObject({ n: 30, attempts: [1, 2], by: ['begin'], sure: { running: 0, error: null } })
    expect(now().runs).toEqual([now().runs[0], now().runs[0]])
    expect(now().runs[0]).toMatch(/^\w{16,}$/)
  })
  it('goes on at once when its process ends in order', async () => {
    const { a, b, now, move, end, state } = await open(3)
    await end(state.begin(30), 450)
    void a.hub.close()
    await clock.advance(100)
    await move(b)
    expect(now()).toMatchObject({ attempts: [1, 2], sure: { running: 1 } })
    await clock.advance(4_000)
    expect(now()).toMatchObject({ n: 30, attempts: [1, 2], sure: { running: 0, error: null } })
  })
  it('goes on though an event is saved while its process ends in order', async () => {
    const { a, b, now, move, end, state } = await open(3)
    await end(state.begin(30), 450)
    const event = state.slowly(0)
    await clock.advance(10)
    void a.hub.close()
    await clock.advance(600)
    await move(b)
    expect(await end(event)).toEqual({ value: undefined })
    await clock.advance(4_000)
    expect(now()).toMatchObject({ n: 30, attempts: [1, 2], sure: { running: 0, error: null } })
  })
  it('is cancelled from another process, though its own is frozen', async () => {
    const { a, b, book, now, move, end, state } = await open(2)
    await end(state.begin(100), 250)
    a.kill()
    await move(b)
    await clock.advance(1_500)
    expect(now().sure.running).toBe(1)
    expect(await end(state.sure.cancel(), 50)).toEqual({ value: undefined })
    const { n } = now()
    await clock.advance(3_000)
    expect(now()).toMatchObject({ n, sure: { running: 0 } })
    expect(book.tasksOf(b.store.node).size).toBe(0)
  })
})

it('a process that was taken for dead writes nothing to what others hold now, and its tabs are corrected', async () => {
  const { a, b, book, tab, now, end, state } = await open()
  await end(state.add(1))
  const node = book.nodes.get(a.store.node)
  if (node) node.leaseEnd = 0 // the coordinator has heard nothing of it
  await end(
    b.hub.modifyState(tab.token, d, (s) => void (s.n = 50)),
    0,
  )
  const call = state.add(3)
  await clock.advance(10)
  await tab.reconnect()
  expect(await end(call, 400)).toEqual({ value: undefined })
  expect(now().n).toBe(53)
})

it('closing leaves nothing', async () => {
  const { a, b, end, state } = await open()
  await end(state.begin(5))
  for (const { hub } of [a, b]) {
    const closing = hub.close()
    await clock.advance(100)
    await closing
  }
  await clock.advance(60_000)
  expect(clock.running).toBe(0)
})

it('takes over a task though another token has to be waited for', async () => {
  const { a, b, book, end, state, tab } = await open(3)
  await end(state.begin(30), 250)
  const held = 'f'.repeat(32)
  await end(a.hub.modifyState(held, d, (s) => void (s.n = 1)))
  const page = book.entry(held)
  const { node } = a.hub.nodes
  a.kill()
  const tasks = book.tasksOf(node)
  const others = [...tasks]
  tasks.clear()
  for (const token of [held, ...others]) tasks.add(token) // the first is a token of the dead that somebody else holds, and does not give up
  page.owner = 'somebody'
  book.nodes.set('somebody', {
    leaseEnd: Number.POSITIVE_INFINITY,
    trustEnd: Number.POSITIVE_INFINITY,
    listener: undefined,
  })
  await clock.advance(2_000)
  const attempts = (await b.hub.store.read(tab.token))?.state.d?.attempts
  expect(attempts).toEqual([1, 2])
})

it('says again whose its tasks are after it was taken for dead, so that they are found when it has died', async () => {
  const { a, b, book, end, state, tab } = await open(2)
  await end(state.begin(100), 250)
  book.tasksOf(a.store.node).delete(tab.token)
  book.tasksOf(b.store.node).add(tab.token) // another process was about to take them over
  const known = book.nodes.get(a.store.node)
  if (known) known.leaseEnd = 0
  await clock.advance(600)
  expect([...book.tasksOf(a.store.node)]).toEqual([tab.token])
})

it('what a process asks for anew, after it was taken for dead, it does not take for known meanwhile', async () => {
  const { a, b, book, tab, end, state } = await open()
  await end(state.add(1))
  const { coordinator } = a.store as unknown as { coordinator: Coordinator }
  const { claim } = coordinator
  const instance = a.hub.instance(tab.token)
  const known: boolean[] = []
  coordinator.claim = (...given) => {
    known.push(instance.known)
    return claim(...given)
  }
  const node = book.nodes.get(a.store.node)
  if (node) node.leaseEnd = 0
  await end(b.hub.modifyState(tab.token, d, (s) => void (s.n = 50)))
  await end(a.hub.modifyState(tab.token, d, (s) => void (s.n += 1)))
  expect(known).toEqual(known.map(() => false))
  expect(known).not.toEqual([])
  expect(instance.state).toMatchObject({ d: { n: 51 } })
})

it('does not take over a task of a process that has begun since it heard last who lives', async () => {
  const { a, b, tab, now, move, end, state, start } = await open()
  await clock.advance(10) // the next renewals are far
  const late = start()
  await move(late)
  expect(await end(state.sure.start(50), 10)).toEqual({ value: { run: expect.any(String) } })
  await end(
    a.hub.modifyState(tab.token, d, (s) => void s.by.push('a')),
    20,
  )
  await end(
    b.hub.modifyState(tab.token, d, (s) => void s.by.push('b')),
    20,
  )
  await clock.advance(3_000)
  expect(now().attempts).toEqual([1])
  expect([...a.log.lines, ...b.log.lines, ...late.log.lines]).toEqual([])
})

describe('a task that shall not go on without its tab', () => {
  const start = async () => {
    const opened = await open()
    await opened.end(opened.state.lingers.start())
    const runsAt = (node: typeof opened.a) => [...node.hub.backgroundTasks].length
    return { ...opened, runsAt }
  }
  it('goes on while that is at another process, and is cancelled when it leaves that one', async () => {
    const { a, b, tab, move, runsAt } = await start()
    tab.drop()
    await move(b)
    await clock.advance(110_000)
    expect(runsAt(a)).toBe(1)
    tab.drop()
    await clock.advance(4_900)
    expect(runsAt(a)).toBe(1)
    await clock.advance(200)
    expect([runsAt(a), runsAt(b)]).toEqual([0, 0])
  })
  it('is cancelled though nobody could say that the tab has left: its process died, or word of it was lost', async () => {
    const { a, b, tab, move, runsAt } = await start()
    tab.drop()
    await move(b)
    await clock.advance(20_000)
    b.kill()
    tab.rewire(a.hub, clock) // the tab ends with it
    await clock.advance(10_000)
    expect(runsAt(a)).toBe(1)
    await clock.advance(11_000) // its pages have the time of a lease to come back
    expect(runsAt(a)).toBe(0)
  })
  it('is given time for its tab to come when it was taken over, and is cancelled if none does', async () => {
    const { a, b, tab, runsAt } = await start()
    tab.drop()
    a.kill()
    await clock.advance(10_000)
    expect(runsAt(b)).toBe(1)
    await clock.advance(25_000)
    expect(runsAt(b)).toBe(0)
  })
  it('that was taken over goes on when its tab has come, to whichever process', async () => {
    const { a, b, c, tab, move, end, runsAt } = await open(3).then((opened) => ({
      ...opened,
      runsAt: (node: typeof opened.a) => [...node.hub.backgroundTasks].length,
    }))
    await end(tab.state(d).lingers.start())
    tab.drop()
    a.kill()
    await move(c)
    await clock.advance(200_000)
    expect(runsAt(b) + runsAt(c)).toBe(1)
    tab.drop()
    await clock.advance(40_000)
    expect(runsAt(b) + runsAt(c)).toBe(0)
  })
  it('is told of its tab again by a process that was taken for dead', async () => {
    const { a, b, book, tab, move, runsAt } = await start()
    tab.drop()
    await move(b)
    const node = book.nodes.get(b.store.node)
    for (const page of book.entries.values()) page.present.clear()
    if (node) node.leaseEnd = 0
    await clock.advance(120_000)
    expect(runsAt(a)).toBe(1)
  })
})
