/** Moments in which two things meet, of several processes over one coordinator, and of one: each has gone wrong once. */
import { describe, expect, it } from 'vitest'
import { HeldStateError } from '../base/errors.js'
import type { Coordinator } from '../cluster/coordinator.js'
import { defineState } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { TestClock } from '../testing/clock.js'
import { TestTab, testHub } from '../testing/kit.js'
import type { MemoryCoordinatorState } from '../testing/memory-coordinator.js'

let clock = new TestClock()
const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
let ran: string[] = []

const d = defineState('d', () => ({ n: 0, attempts: [] as number[] }))
  .tasks((background) => ({
    lingers: background({ durable: true, onDisconnect: { grace: '5s' } }, async ({ sleep }) => sleep(1_000_000)),
    waits: background({ onDisconnect: { grace: '5s' } }, async ({ sleep }) => sleep(1_000_000)),
    deaf: background({ onDisconnect: { grace: '5s' } }, async () => new Promise<void>(() => {})),
    plain: background(async ({ sleep }) => sleep(1_000_000)),
    // fails at its timeout, and does not look at its signal
    stubborn: background({ retry: { times: 5, wait: '1s' }, timeout: '1s' }, async ({ update, attempt }) => {
      ran.push(`attempt ${attempt}`)
      await update((s) => void s.attempts.push(attempt))
      await new Promise<void>(() => {})
    }),
    steps: background({ durable: true }, async ({ update, sleep }) => {
      while (await update((s) => s.n < 10 && ++s.n)) await sleep(100)
    }),
    ticks: background(async ({ update, sleep }) => {
      for (;;) {
        await sleep(10)
        await update((s) => void (s.n += 1))
      }
    }),
    // durable; its first attempt fails at its timeout, and does not look at its signal
    sure: background(
      { durable: true, retry: { times: 5, wait: '1s' }, timeout: '20s' },
      async ({ update, attempt }) => {
        ran.push(`attempt ${attempt}`)
        await update((s) => void s.attempts.push(attempt))
        if (attempt === 1) await new Promise<void>(() => {})
        for (let i = 0; i < 60; i += 1) {
          await pause(200)
          await update((s) => void s.attempts.push(attempt))
        }
      },
    ),
  }))
  .events((on) => ({ add: on((s, by: number) => void (s.n += by)) }))

const open = (count = 2) => {
  clock = new TestClock()
  ran = []
  return openNodes(clock, d, { count, limits: { retainMs: 600_000 } })
}

/** As Socket.IO does it: closing a connection says at once that it has ended. */
function connectAsSocket(hub: Awaited<ReturnType<typeof open>>['a']['hub'], hello: object, browser: string) {
  let over = false
  let session: ReturnType<typeof hub.connect> | undefined
  const disconnect = () => {
    if (over || !session) return
    over = true
    hub.disconnected(session)
  }
  session = hub.connect({ send: () => {}, close: disconnect, cookies: undefined } as never, hello, browser)
  return disconnect
}

describe('a page whose earlier connection still stands', () => {
  it('is at this process when it has come back', async () => {
    const { a, b, tab } = await open()
    const hello = {
      version: (await import('../protocol/version.js')).protocolVersion,
      page: 'e'.repeat(32),
      subscriptions: [[0, 'tab', ['d']]],
      token: tab.signedToken,
    }
    tab.drop()
    await clock.advance(0)
    connectAsSocket(a.hub, hello, tab.browser)
    await clock.advance(10)
    expect(await b.store.unattendedMs(tab.token)).toBeUndefined()
    a.hub.start(tab.token, [d.triggers.waits()])
    await clock.advance(10)
    connectAsSocket(a.hub, { ...hello, lastSeq: 1 }, tab.browser)
    await clock.advance(10)
    expect(a.hub.instance(tab.token).watchers.size).toBe(1)
    const attended = (await b.store.unattendedMs(tab.token)) === undefined
    await clock.advance(60_000)
    expect([attended, a.hub.backgroundTasks.size]).toEqual([true, 1])
  })
})

describe('cancel, of a run that has failed and not settled', () => {
  it('ends it: it is not tried again', async () => {
    clock = new TestClock()
    ran = []
    const kit = testHub([d], {}, clock)
    const tab = await kit.open()
    const { stubborn } = await tab.watch(d)
    await kit.done(stubborn.start())
    await clock.advance(1_500) // its timeout was at 1 s; its function is given 2 s more
    const cancelled = stubborn.cancel()
    await clock.advance(3_000)
    await cancelled
    await clock.advance(20_000)
    expect(tab.state(d).stubborn.running).toBe(0)
    expect(ran).toEqual(['attempt 1'])
  })
  it('leaves nothing when the hub closes', async () => {
    clock = new TestClock()
    ran = []
    const kit = testHub([d], {}, clock)
    const tab = await kit.open()
    const { stubborn } = await tab.watch(d)
    await kit.done(stubborn.start())
    await clock.advance(1_500)
    const closing = kit.hub.close()
    await clock.advance(3_000)
    await closing
    await clock.advance(20_000)
    expect(ran).toEqual(['attempt 1'])
    expect(clock.running).toBe(0)
  })
  it('durable and over processes: cancelled from another one, it is over', async () => {
    const { a, b, now, move, end, state } = await open(2)
    await end(state.sure.start(), 20_500) // has failed at 20 s, and has 2 s to notice
    await move(b)
    const cancelled = now().sure.cancel()
    await end(cancelled, 3_000)
    await clock.advance(10_000)
    expect([now().attempts, a.hub.backgroundTasks.size, b.hub.backgroundTasks.size, now().sure.running]).toEqual([
      [1],
      0,
      0,
      0,
    ])
  })
  it('durable: taken over by another process meanwhile, attempts do not write side by side', async () => {
    const { a, b, book, end, state, tab } = await open(2)
    await end(state.sure.start(), 20_200) // has failed at 20 s, and has 2 s to notice
    const { coordinator } = a.store as unknown as { coordinator: Coordinator }
    const { heartbeat: beat } = coordinator
    coordinator.heartbeat = async (...given) => {
      await pause(500)
      return beat(...given)
    }
    const node = book.nodes.get(a.store.node)
    if (node) node.leaseEnd = 0 // taken for dead for a moment
    await clock.advance(600)
    coordinator.heartbeat = beat
    await clock.advance(200)
    const seen: string[] = []
    for (let i = 0; i < 12; i += 1) {
      await clock.advance(500)
      const runs = (kit: typeof a) => [...kit.hub.tasks.pool.runs].filter((r) => r.isRunning).map((r) => r.spec.attempt)
      const stored = await b.store.read(tab.token)
      seen.push(
        JSON.stringify([
          runs(a),
          runs(b),
          stored?.running.map((r) => `${r.node === a.store.node ? 'a' : 'b'}${r.attempt}`),
          (stored?.state.d?.attempts as number[] | undefined)?.length,
        ]),
      )
    }
    expect(
      seen.filter((text) => {
        const [x, y] = JSON.parse(text)
        return x.length + y.length !== 1
      }),
    ).toEqual([])
  })
})

it('a task that server code starts while its tab is away has half a minute, whatever runs already', async () => {
  clock = new TestClock()
  const kit = testHub([d], {}, clock)
  const tab = await kit.open()
  await kit.done((await tab.watch(d)).waits.start())
  tab.drop()
  await clock.advance(4_900)
  kit.hub.start(tab.token, [d.triggers.waits()])
  await clock.advance(200)
  expect(kit.hub.backgroundTasks.size).toBe(1)
})

it('a tab that was away for less than the grace keeps its task, though its process died', async () => {
  const { a, b, c, tab, move, end, state } = await open(3)
  await end(state.lingers.start())
  tab.drop()
  await move(b) // a asks at 5 s, and then at 35 s
  await clock.advance(33_500)
  b.kill()
  tab.rewire(c.hub, clock) // the tab is cut off, for 4 s
  await clock.advance(4_000)
  await tab.reconnect()
  await clock.advance(10_000)
  expect(tab.connection).toBe('live')
  expect(a.hub.backgroundTasks.size).toBe(1)
})

it('closing leaves no timer, though a task does not end', async () => {
  clock = new TestClock()
  const kit = testHub([d], {}, clock)
  const tab = await kit.open()
  await kit.done((await tab.watch(d)).deaf.start())
  const closing = kit.hub.close()
  await clock.advance(100)
  tab.drop() // the page goes while the hub closes
  await clock.advance(3_000)
  await closing
  expect(clock.running).toBe(0)
})

it('what a node has taken over of dead ones is forgotten when it has ended', async () => {
  const { a, b, book, move, end, state } = await open(2)
  await end(state.plain.start())
  a.kill()
  await move(b)
  await clock.advance(5_000)
  expect(book.tasksOf(b.store.node).size).toBe(0)
})

it('a duplicate and its original leave nothing but what is kept of them', async () => {
  const { a, b, book, tab, end, state } = await open(2)
  await end(state.add(1))
  const copy = new TestTab(b.hub, clock, tab.browser, tab.signedToken, true)
  copy.connect()
  await clock.settle()
  await copy.watch(d)
  await clock.advance(100)
  expect(copy.state(d).n).toBe(1)
  copy.close()
  tab.close()
  await clock.advance(5 * 600_000)
  expect([...b.hub.instances.keys(), ...a.hub.instances.keys()]).toEqual([])
  const left = [...book.entries.values()].map(({ owner: holder, followers, present: attended }) => [
    holder,
    followers.size,
    attended.size,
  ])
  const kept = [undefined, 0, 0] // for as long as the coordinator keeps it
  expect(left).toEqual([kept, kept])
})

it('server code that changes a token while its page connects is not refused', async () => {
  const { protocolVersion } = await import('../protocol/version.js')
  const { b, tab } = await open(2)
  const token = 'ab'.repeat(16)
  const { signToken } = await import('./token.js')
  const signed = signToken(token, tab.browser, b.hub.callers.secrets[0] as never)
  const modified = b.hub
    .modifyState(token, d, async (s) => {
      await pause(10)
      s.n += 1
    })
    .then(
      () => 'done',
      (error) => error.code,
    )
  connectAsSocket(
    b.hub,
    { version: protocolVersion, page: 'e'.repeat(32), subscriptions: [[0, 'tab', ['d']]], token: signed },
    tab.browser,
  )
  await clock.advance(1_000)
  expect(await modified).toBe('done')
})

/** The answers of renewals are late by `ms`. */
function slowBeats(kit: { store: unknown }, ms: number) {
  const { coordinator } = kit.store as { coordinator: Coordinator }
  const { heartbeat: beat } = coordinator
  coordinator.heartbeat = async (...given) => {
    await pause(ms)
    return beat(...given)
  }
  return () => {
    coordinator.heartbeat = beat
  }
}

it('a process that was late for half a lease, and lost nothing, ends no connections', async () => {
  const { a, tab, state, end } = await open(2)
  await end(state.add(1), 300)
  const restore = slowBeats(a, 600) // redis stalls for a moment, longer than the lease is trusted; the lease of 1 s stands
  await clock.advance(170)
  restore() // one renewal is under way
  await clock.advance(600) // its answer is here, and says nothing of now; the next one goes out in 167 ms
  expect(a.store.owns(tab.token)).toBe(false)
  const read = a.hub.modifyState(tab.token, d, (s) => s.n) // changes nothing
  const outcome = await end(read, 1_000)
  await clock.advance(2_000)
  expect([outcome, tab.connection]).toEqual([{ value: 1 }, 'live'])
})

it('a page that came while the lease was not trusted is told of what others change after that lapsed', async () => {
  const { a, b, tab, end, state, now } = await open(2)
  await end(state.add(1), 300)
  tab.drop()
  const restore = slowBeats(a, 700)
  await clock.advance(620)
  expect(a.store.owns(tab.token)).toBe(false)
  await tab.reconnect() // the coordinator says that a holds it
  await clock.advance(100)
  restore()
  await clock.advance(2_000)
  expect(tab.connection).toBe('live')
  // now a is frozen for a while, and b takes the token
  slowBeats(a, 3_000)
  const node = a.store.node
  await clock.advance(1_200)
  await end(
    b.hub.modifyState(tab.token, d, (s) => void (s.n = 50)),
    2_500,
  )
  await clock.advance(60_000)
  expect([node.length, now().n]).toEqual([32, 50])
})

it('a renewal that waited is not sent after the node has left', async () => {
  const { a, book } = await open(2)
  const { lease, coordinator } = a.store as unknown as { lease: { renew(): Promise<void> }; coordinator: Coordinator }
  const { heartbeat: beat } = coordinator
  coordinator.heartbeat = async (...given) => {
    const answer = await beat(...given)
    await pause(20)
    return answer
  }
  await clock.advance(168) // one is under way
  const asked = [lease.renew(), lease.renew()].map((each) => each.catch(() => {}))
  void a.store.close()
  await clock.advance(200)
  await Promise.all(asked)
  expect(book.isAlive(a.store.node)).toBe(false)
})

const e = defineState('e', () => ({ n: 0 })).tasks((background) => ({
  single: background({ concurrency: 'single', retry: { times: 5, wait: '1s' }, timeout: '1s' }, async ({ update }) => {
    await update((s) => void (s.n += 1))
    await new Promise<void>(() => {})
  }),
}))

it('a task of which one copy may run has one, though the first has failed and is to be tried again', async () => {
  clock = new TestClock()
  const kit = testHub([e], {}, clock)
  const tab = await kit.open()
  const { single } = await tab.watch(e)
  await kit.done(single.start())
  await clock.advance(1_500) // failed at 1 s; its function has 2 s to notice; the page shows it as running
  expect(tab.state(e).single.running).toBe(1)
  const again = single.start().then(
    () => 'started',
    (error) => error.code,
  )
  await clock.advance(1_600)
  expect([await again, kit.hub.tasks.pool.runs.size]).toEqual(['started', 1]) // it has joined that run
})

it('close() is done in its time, though the store does not answer', async () => {
  const { a, tab } = await open(2)
  const { coordinator } = a.store as unknown as { coordinator: Coordinator }
  a.hub.start(tab.token, [d.triggers.ticks()])
  await clock.advance(20)
  coordinator.save = async () => {
    await pause(30_000) // storeWaitMs
    throw Object.assign(new Error('out of reach'))
  }
  coordinator.claim = async () => {
    await pause(30_000)
    throw Object.assign(new Error('out of reach'))
  }
  void a.hub.modifyState(tab.token, d, (s) => void (s.n += 1)).catch(() => {})
  await clock.advance(20)
  const began = clock.now()
  let took = Number.POSITIVE_INFINITY
  void a.hub.close().then(() => {
    took = clock.now() - began
  })
  await clock.advance(200_000)
  expect(took).toBeLessThanOrEqual(15_000)
})

it('what a process does not trust in any more it does not read either', async () => {
  const { readState } = await import('./read.js')
  const { a, b, tab, end, state } = await open(2)
  await end(state.add(1))
  slowBeats(a, 5_000) // frozen, and thawed before it has heard that others took it for dead
  await clock.advance(1_300)
  await end(
    b.hub.modifyState(tab.token, d, (s) => void (s.n = 50)),
    200,
  )
  expect(a.store.owns(tab.token)).toBe(false)
  expect(await end(readState(a.hub, tab.token, 'd'), 10)).toMatchObject({ value: { n: 50 } })
})

it('a task of a process that died while its token moved is shown as interrupted', async () => {
  const { a, b, book, move, end, state, now } = await open(2)
  await end(state.plain.start(), 50)
  a.kill()
  const node = book.nodes.get(a.store.node)
  if (node) node.leaseEnd = clock.now() // the coordinator knows before the others do
  await move(b)
  await end(
    b.hub.modifyState(tokenOf(book), d, (s) => void (s.n += 1)),
    20,
  )
  await clock.advance(10_000)
  expect(now().plain).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'interrupted' } })
  expect((await b.store.read(tokenOf(book)))?.running).toEqual([])
})

const tokenOf = (book: MemoryCoordinatorState) => [...book.entries.keys()][0] as string

/** Nothing of the coordinator can be reached, as of a redis that is away for longer than anybody waits. */
function away(kit: { store: unknown }, hub: { nodes: { onStoreReachable(reachable: boolean): void } }) {
  const store = kit.store as { coordinator: Record<string, unknown> }
  const { coordinator } = store
  const refused = async () => {
    throw new HeldStateError('store-unreachable', 'The Redis at 10.0.0.7:6379 is unreachable.')
  }
  store.coordinator = coordinator
  const names = [
    'claim',
    'save',
    'follow',
    'heartbeat',
    'read',
    'release',
    'setPresent',
    'unattendedMs',
    'orphans',
    'unfollow',
  ]
  const kept = names.map((name) => [name, coordinator[name]] as const)
  for (const name of names) coordinator[name] = refused
  hub.nodes.onStoreReachable(false)
  return () => {
    for (const [name, operation] of kept) coordinator[name] = operation
    hub.nodes.onStoreReachable(true)
  }
}

describe('when the store was away for longer than anybody waits', () => {
  it('a durable task goes on where it was, and its page shows that', async () => {
    const { a, book, end, state, now } = await open(1)
    await end(state.steps.start(), 350)
    const back = away(a, a.hub)
    await clock.advance(40_000)
    back()
    await clock.advance(20_000)
    expect(now().steps).toMatchObject({ running: 0, outcome: 'done', error: null })
    expect(now().n).toBe(10)
    expect((await a.store.read(tokenOf(book)))?.running).toEqual([])
  })
  it('another task has failed, and its page still shows that', async () => {
    const { a, book, end, state, now } = await open(1)
    await end(state.ticks.start(), 50)
    const back = away(a, a.hub)
    await clock.advance(40_000)
    book.entry(tokenOf(book)).revision += 1 // a save had arrived
    back()
    await clock.advance(20_000)
    expect(now().ticks).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'store-unreachable' } })
    expect(await a.store.read(tokenOf(book))).toMatchObject({ running: [], ended: [{ outcome: 'failed' }] })
  })
  it('a page is shown what others have made meanwhile, and any other task that failed is known to have', async () => {
    const { a, b, book, tab, end, state, now } = await open(2)
    await end(state.steps.start(), 350)
    await end(state.ticks.start(), 50)
    const back = away(a, a.hub)
    await clock.advance(40_000)
    expect((await b.store.read(tab.token))?.state.d?.n).toBeGreaterThan(9)
    back()
    await clock.advance(10_000)
    expect(tab.connection).toBe('live')
    expect(now().n).toBe((await b.store.read(tab.token))?.state.d?.n)
    expect(now().steps).toMatchObject({ running: 0, outcome: 'done' })
    expect(now().ticks).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'interrupted' } })
    expect((await b.store.read(tokenOf(book)))?.running).toEqual([])
  })
  it('a page that comes meanwhile is told', async () => {
    const { a, tab } = await open(1)
    away(a, a.hub)
    await clock.advance(100)
    tab.drop()
    await tab.reconnect()
    await clock.advance(100)
    expect(tab.stalled).toBe(true)
  })
})

it('a page of a process that closes is not told that its tasks were cancelled', async () => {
  const { a, end, state, now, tab } = await open(2)
  await end(state.lingers.start(), 50)
  await end(state.plain.start(), 50)
  const seen = new Set<unknown>()
  tab.onChange(() => void seen.add(JSON.stringify([now().lingers.outcome, now().plain.outcome])))
  void a.hub.close()
  await clock.advance(1_000)
  expect([...seen].filter((text) => /cancelled/.test(String(text)))).toEqual([])
})

it('what others have said of a task, a process that wakes does not say anew', async () => {
  const { a, b, book, tab, end, state } = await open(2)
  await end(state.plain.start(), 50)
  const restore = slowBeats(a, 3_000) // frozen
  const node = book.nodes.get(a.store.node)
  if (node) node.leaseEnd = clock.now()
  await clock.advance(500)
  await end(
    b.hub.modifyState(tab.token, d, (s) => void (s.n += 1)),
    500,
  )
  const ended = [{ definition: 'd', task: 'plain', outcome: 'failed', failure: { code: 'interrupted' } }]
  expect((await b.store.read(tab.token))?.ended).toMatchObject(ended)
  restore()
  await clock.advance(10_000)
  await end(
    a.hub.modifyState(tab.token, d, (s) => void (s.n += 1)),
    500,
  )
  expect((await b.store.read(tab.token))?.ended).toMatchObject(ended)
  await end(tab.reconnect(), 100) // its lease lapsed again meanwhile, so the process has sent its page away
  expect(tab.state(d).plain).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'interrupted' } })
})
