import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { Tab } from './tab.js'
import type { WireListener } from './wire.js'

const d = defineState('d', () => ({ n: 0, rows: [] as { id: number; name: string }[], other: { deep: { n: 0 } } }))
  .tasks((background) => ({
    count: background(async ({ update, sleep }) => {
      for (;;) {
        await update((s) => (s.n += 1))
        await sleep(100)
      }
    }),
    report: background(async ({ progress, sleep }) => {
      progress(0.5, 'half')
      await sleep(100)
      progress(7)
      await sleep(100)
      throw new Error('broken')
    }),
  }))
  .events((on) => ({
    add: on((s, by: number = 1) => {
      s.n += by
    }),
    append: on((s, mark: number) => {
      s.n = s.n * 10 + mark
    }),
    rename: on((s, index: number, name: string) => {
      ;(s.rows[index] as { name: string }).name = name
    }),
    remove: on((s, index: number) => {
      s.rows.splice(index, 1)
    }),
    takes: on((_s, ...args: unknown[]) => {
      received.push(args)
    }),
    fill: on((s, count: number) => {
      s.rows = Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}` }))
    }),
    slow: on(async (s) => {
      await wait.opened
      s.n += 1
    }),
    fails: on(() => {
      throw new Error('no')
    }),
    nowOrNever: on({ whenOffline: 'reject' }, (s, by: number) => {
      s.n += by
    }),
    burst: on(function* (s) {
      for (let index = 0; index < 5; index += 1) {
        s.n += 1
        yield
      }
    }),
  }))
const received: unknown[][] = []
let wait = gate()

async function open() {
  wait = gate()
  received.length = 0
  const kit = testHub([d])
  const tab = await kit.open()
  const state = await tab.watch(d)
  return { ...kit, tab, state, d: () => tab.state(d) }
}

describe('what a component gets', () => {
  it('is frozen to its leaves while developing, so that a write fails where it is made', async () => {
    const { clock, state, d } = await open()
    await done(clock, state.fill(1))
    const { rows } = d() as unknown as { rows: { name: string }[] }
    expect(() => rows.push({ name: 'y' })).toThrow(TypeError)
    expect(() => Object.assign(rows[0] as object, { name: 'y' })).toThrow(TypeError)
  })

  it('is frozen, and is the same object until something in it changes', async () => {
    const { clock, d, state } = await open()
    expect(Object.isFrozen(state)).toBe(true)
    expect(Object.isFrozen(state.count)).toBe(true)
    expect(d()).toBe(state)
    await done(clock, state.add(0))
    expect(d()).toBe(state)
    await done(clock, state.add(1))
    expect(d()).not.toBe(state)
    expect(state.n).toBe(0)
    expect(d().n).toBe(1)
  })

  it('has event functions and task handles that stay the same', async () => {
    const { clock, d, state } = await open()
    await done(clock, state.add(1))
    expect(d().add).toBe(state.add)
    expect(d().count).toBe(state.count)
    expect(d().count.start).toBe(state.count.start)
    await done(clock, state.count.start())
    expect(d().count).not.toBe(state.count)
    expect(d().count.start).toBe(state.count.start)
    expect(d().count.cancel).toBe(state.count.cancel)
  })

  it('keeps the identity of what did not change', async () => {
    const { clock, d, state } = await open()
    await done(clock, state.fill(100))
    const before = d()
    await done(clock, state.rename(50, 'changed'))
    const after = d()
    expect(after.rows[50]).toEqual({ id: 50, name: 'changed' })
    expect(after.other).toBe(before.other)
    expect(after.rows).not.toBe(before.rows)
    for (const index of [0, 49, 51, 99]) expect(after.rows[index]).toBe(before.rows[index])
  })

  it('shows first values before the hub has spoken', async () => {
    const { hub, clock } = testHub([d])
    const { TestTab } = await import('../testing/kit.js')
    const tab = new TestTab(hub, clock, 'b')
    expect(tab.state(d)).toMatchObject({
      n: 0,
      rows: [],
      count: { running: 0, waiting: 0, progress: null, note: null, error: null, outcome: null },
    })
    expect(tab.connection).toBe('connecting')
  })
})

describe('arguments', () => {
  it('leave out the event that React hands over first', async () => {
    const { clock, state } = await open()
    const call = state.takes as (...args: unknown[]) => Promise<void>
    await done(clock, call({ nativeEvent: {}, target: { circular: null } }))
    await done(clock, call(new Event('click')))
    await done(clock, call({ nativeEvent: {} }, 1))
    await done(clock, call(1, 2))
    expect(received).toEqual([[], [], [], [1, 2]])
  })

  it('that are larger than the bound are refused in the tab, and nothing is sent', async () => {
    const { clock, state, tab } = await open()
    const before = tab.wire.received.length
    const call = state.takes as (...args: unknown[]) => Promise<void>
    expect(await failure(clock, call('x'.repeat(1_000_001)))).toMatchObject({ code: 'payload-too-large' })
    expect(tab.wire.received.length).toBe(before)
  })

  it.each([
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    ['an instance', new (class Mine {})()],
  ])('that hold %s reject in the tab', async (_, value) => {
    const { clock, state, d } = await open()
    const call = state.takes as (...args: unknown[]) => Promise<void>
    let error: unknown
    try {
      error = await failure(clock, call(value))
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(Error)
    expect(received).toEqual([])
    await done(clock, state.add(1))
    expect(d().n).toBe(1)
  })
})

describe('the wire', () => {
  const size = (message: readonly unknown[]) => JSON.stringify(message.slice(0, 4)).length

  it('carries a counter update in at most 45 bytes', async () => {
    const { clock, state, tab } = await open()
    await done(clock, state.add(12_345))
    expect(tab.wire.received.at(-1)?.[0]).toBe('d')
    expect(size(tab.wire.received.at(-1) ?? [])).toBeLessThanOrEqual(45)
  })

  it('carries one changed row of 10,000 in less than 80 bytes, and a removed one in at most 60', async () => {
    const { clock, state, tab, d } = await open()
    await done(clock, state.fill(10_000))
    const before = d().rows
    await done(clock, state.rename(5_000, 'another name'))
    expect(size(tab.wire.received.at(-1) ?? [])).toBeLessThan(80)
    await done(clock, state.remove(4_000))
    expect(size(tab.wire.received.at(-1) ?? [])).toBeLessThanOrEqual(60)
    const after = d().rows
    expect(after).toHaveLength(9_999)
    expect(after[3_999]).toBe(before[3_999])
    expect(after[4_000]).toBe(before[4_001])
    expect(after[9_998]).toBe(before[9_999])
  })

  it('carries the changes of one synchronous stretch as one delta', async () => {
    const { clock, hub, tab, d: now } = await open()
    await clock.advance(100)
    const before = tab.wire.received.length
    for (let index = 0; index < 5; index += 1) void hub.modifyState(tab.token, d, (s) => void (s.n += 1))
    await clock.settle()
    expect(tab.wire.received.length).toBe(before + 1)
    expect(now().n).toBe(5)
  })

  it('carries the calls of one synchronous stretch as one message, and their answers as one', async () => {
    const { clock, state, tab, d } = await open()
    const before = tab.wire.received.length
    const calls = Array.from({ length: 10 }, () => state.add(1))
    await done(clock, Promise.all(calls))
    expect(tab.wire.received.length).toBe(before + 1)
    expect(d().n).toBe(10)
  })

  it('shows a task no more than once a frame, and its last change within one', async () => {
    const { clock, hub, tab, d: now } = await open()
    await clock.advance(100)
    const before = tab.wire.received.length
    for (let index = 0; index < 100; index += 1) {
      await hub.modifyState(tab.token, d, (s) => void (s.n += 1))
      await clock.advance(1)
    }
    expect(tab.wire.received.length - before).toBeLessThanOrEqual(100 / 16 + 2)
    await clock.advance(16)
    expect(now().n).toBe(100)
  })
})

describe('a delta', () => {
  /** Lets the hub's messages through `alter` before they reach the tab. */
  async function tampered() {
    const kit = await open()
    const listener = (
      kit.tab.wire as unknown as { listener: { message(name: string, args: readonly unknown[]): void } }
    ).listener
    const deliver = listener.message.bind(listener)
    let alter: (name: string, args: readonly unknown[]) => void = deliver
    listener.message = (name, args) => alter(name, args)
    return {
      ...kit,
      deliver,
      tamper: (next: typeof alter) => {
        alter = next
      },
      heal: () => {
        alter = deliver
      },
    }
  }

  it('that was lost leads to a resync, and the mirror heals', async () => {
    const { clock, hub, tab, d: now, tamper, heal } = await tampered()
    tamper(() => {})
    await hub.modifyState(tab.token, d, (s) => void (s.n = 1))
    await clock.advance(50)
    heal()
    expect(now().n).toBe(0)
    await hub.modifyState(tab.token, d, (s) => void (s.rows = [{ id: 1, name: 'x' }]))
    await clock.advance(50)
    expect(now()).toMatchObject({ n: 1, rows: [{ id: 1, name: 'x' }] })
    expect(tab.wire.received.filter(([name]) => name === 'w')).toHaveLength(2)
  })

  it('that does not fit settles its calls only when the resync has made their effect visible', async () => {
    const { clock, hub, tab, d: now, tamper, heal, state } = await tampered()
    tamper(() => {})
    await hub.modifyState(tab.token, d, (s) => void (s.n = 1))
    await clock.advance(50)
    heal()
    let seen = -1
    const called = state.add(10).then(() => {
      seen = now().n
    })
    await clock.advance(20)
    await called
    expect(seen).toBe(11)
  })

  it('whose patches do not fit leads to a resync too', async () => {
    const { clock, hub, tab, d: now, tamper, heal, deliver } = await tampered()
    tamper((name, args) =>
      name === 'd'
        ? deliver(name, [[...(args[0] as unknown[]).slice(0, 3), [[[0, 'rows', 7, 'name'], 'x']]]])
        : deliver(name, args),
    )
    await hub.modifyState(tab.token, d, (s) => void (s.n = 1))
    await clock.advance(50)
    heal()
    await clock.advance(50)
    expect(now().n).toBe(1)
    expect(tab.reports).toEqual([])
  })

  it('that comes twice is taken once', async () => {
    const { clock, hub, tab, d: now, tamper, deliver } = await tampered()
    tamper((name, args) => {
      deliver(name, args)
      deliver(name, args)
    })
    await hub.modifyState(tab.token, d, (s) => void s.rows.push({ id: 1, name: 'x' }))
    await clock.advance(50)
    await hub.modifyState(tab.token, d, (s) => void s.rows.unshift({ id: 0, name: 'y' }))
    await clock.advance(50)
    expect(now().rows).toEqual([
      { id: 0, name: 'y' },
      { id: 1, name: 'x' },
    ])
    expect(tab.wire.received.filter(([name]) => name === 'w')).toHaveLength(1)
  })

  it('that is nonsense is reported, and disturbs nothing', async () => {
    const { clock, state, tab, d, deliver } = await tampered()
    for (const [name, args] of [
      ['d', [[]]],
      ['d', [[0, 0, 1, 'x']]],
      ['d', [[0, 0, -1, []]]],
      ['w', []],
      ['f', ['made-up', 'x']],
      ['what', []],
      ['d', [[0, 1, 2, [[[0], 1, 2]]]]],
    ] as const)
      expect(() => deliver(name, args)).not.toThrow()
    expect(tab.reports).toHaveLength(7)
    await done(clock, state.add(1))
    expect(d().n).toBe(1)
  })
})

describe('calls', () => {
  it('that were made before the tab is live wait, and go out in order', async () => {
    const { hub, clock } = testHub([d])
    const { TestTab } = await import('../testing/kit.js')
    const tab = new TestTab(hub, clock, 'b')
    const state = tab.state(d)
    const calls = [1, 2, 3].map((mark) => state.append(mark))
    tab.connect()
    await done(clock, Promise.all(calls))
    expect(tab.state(d).n).toBe(123)
  })

  it('that were sent when the connection ends settle over the next one, and take effect once', async () => {
    const { clock, state, tab, d } = await open()
    const calls = [state.slow(), state.append(2), state.append(3)]
    await clock.settle()
    tab.drop()
    wait.open()
    await clock.advance(100)
    expect(d().n).toBe(0)
    expect(tab.connection).toBe('reconnecting')
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    expect(d().n).toBe(123)
    expect(tab.reports).toEqual([])
  })

  it('whose answer was lost get the same answer again, also when they failed', async () => {
    const { clock, state, tab, d, hub } = await open()
    const calls = [state.append(1), state.fails(), state.append(2)].map((call) =>
      call.then(
        () => 'fine',
        ({ code }) => code,
      ),
    )
    tab.wire.deaf = true
    await clock.advance(100)
    tab.drop()
    tab.wire.deaf = false
    expect(hub.instance(tab.token).state.d).toMatchObject({ n: 12 })
    expect(d().n).toBe(0)
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    expect(await Promise.all(calls)).toEqual(['fine', 'handler-failed', 'fine'])
    expect(d().n).toBe(12)
  })

  it('to a state that the server lost meanwhile fail with state-lost, and change nothing of the new one', async () => {
    const { clock, state, tab, d, hub } = await open()
    await done(clock, state.append(1))
    tab.drop()
    const lost = expect(state.append(2)).rejects.toMatchObject({ code: 'state-lost' })
    await clock.advance(hub.limits.retainMs + 1000)
    await tab.reconnect()
    await lost
    expect(d().n).toBe(0)
    await done(clock, state.append(3))
    expect(d().n).toBe(3)
  })

  it('fail with connection-lost when the page closes its connection for good', async () => {
    const { clock, state, tab } = await open()
    const lost = expect(state.slow()).rejects.toMatchObject({ code: 'connection-lost' })
    await clock.settle()
    tab.close()
    await lost
  })

  it('that are made while there is no connection go out once after it is back', async () => {
    const { clock, state, tab, d } = await open()
    tab.drop()
    const calls = [state.append(1), state.append(2)]
    await clock.advance(100)
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    expect(d().n).toBe(12)
    expect(tab.connection).toBe('live')
  })

  it('that make no sense later fail at once while there is no connection', async () => {
    const { clock, state, tab, d } = await open()
    await done(clock, state.nowOrNever(1))
    tab.drop()
    expect(await failure(clock, state.nowOrNever(1))).toMatchObject({ code: 'offline' })
    await tab.reconnect()
    await done(clock, state.nowOrNever(1))
    expect(d().n).toBe(2)
  })

  it('beyond the bound fail with offline', async () => {
    const { clock, state, tab, d } = await open()
    tab.drop()
    const calls = Array.from({ length: 100 }, () => state.add(1))
    expect(await failure(clock, state.add(1))).toMatchObject({ code: 'offline' })
    await tab.reconnect()
    await done(clock, Promise.all(calls))
    expect(d().n).toBe(100)
  })
})

describe('a tab', () => {
  it('that comes back shows what changed meanwhile', async () => {
    const { clock, hub, tab, d: now } = await open()
    tab.drop()
    await hub.modifyState(tab.token, d, (s) => void (s.n = 5))
    await clock.advance(1000)
    expect(now().n).toBe(0)
    await tab.reconnect()
    expect(now().n).toBe(5)
  })

  it('keeps its task running while it is away', async () => {
    const { clock, tab, state, d, hub } = await open()
    await done(clock, state.count.start())
    tab.drop()
    await clock.advance(1000)
    expect(hub.backgroundTasks.size).toBe(1)
    await tab.reconnect()
    await clock.advance(20)
    expect(d()).toMatchObject({ n: 11, count: { running: 1 } })
  })

  it('never sees the values of another tab, of the same browser or not', async () => {
    const { clock, tab, state, open: openTab, d: now } = await open()
    const same = await openTab(tab.browser)
    const stranger = await openTab()
    await Promise.all([same.watch(d), stranger.watch(d)])
    await done(clock, state.add(3))
    await clock.advance(50)
    expect(now().n).toBe(3)
    expect(same.state(d).n).toBe(0)
    expect(stranger.state(d).n).toBe(0)
    expect(new Set([tab.token, same.token, stranger.token]).size).toBe(3)
  })

  it('that opens a second connection with its token sees the same state, and the late end of the first harms nobody', async () => {
    const { clock, hub, tab, state } = await open()
    const { TestTab } = await import('../testing/kit.js')
    const again = new TestTab(hub, clock, tab.browser, tab.signedToken)
    again.connect()
    await clock.settle()
    await again.watch(d)
    await done(clock, state.add(2))
    await clock.advance(20)
    expect(again.state(d).n).toBe(2)
    tab.drop()
    await done(clock, again.state(d).add(1))
    expect(again.state(d).n).toBe(3)
  })

  it('whose token the hub does not accept gets a new state, and says so', async () => {
    const { hub, clock } = testHub([d])
    const { TestTab } = await import('../testing/kit.js')
    const tab = new TestTab(hub, clock, 'b', `${'a'.repeat(32)}.${'b'.repeat(32)}`)
    tab.connect()
    await clock.settle()
    expect(tab.reports).toHaveLength(1)
    expect(tab.signedToken).toBeUndefined()
    await tab.reconnect()
    expect((await tab.watch(d)).n).toBe(0)
    expect(tab.connection).toBe('live')
  })
})

describe('a task in the tab', () => {
  it('shows progress, its note, and its error, which a new start clears', async () => {
    const { clock, state, d, log } = await open()
    await done(clock, state.report.start())
    await clock.advance(20)
    expect(d().report).toMatchObject({ running: 1, progress: 0.5, note: 'half', error: null })
    await clock.advance(100)
    expect(d().report).toMatchObject({ running: 1, progress: 1, note: null })
    await clock.advance(100)
    expect(d().report).toMatchObject({
      running: 0,
      error: { code: 'task-failed', message: expect.stringMatching(/^Something went wrong/) },
    })
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(
      /Task "report" of state "d" failed. Visitors read: "Something went wrong \(reference \w+\)\..*broken/,
    )
    await done(clock, state.report.start())
    expect(d().report).toMatchObject({ running: 1, error: null })
  })
})

it.each([
  ['no server', false, 1],
  ['no network', true, 0],
])('a page that %s answers says so once, in production too', (_, offline, times) => {
  const reports: string[] = []
  let listener: WireListener | undefined
  const wire = { start: (given: WireListener) => void (listener = given), send: () => {}, stop: () => {} }
  const identity = { claim: async () => undefined, keep: () => {}, forget: () => {} }
  new Tab({ wire, identity, report: ({ message }) => void reports.push(message) }).start()
  for (let attempt = 1; attempt < 9; attempt += 1) listener?.closed(offline, { attempt, nextRetryAt: 0 })
  if (!offline) listener?.unanswered?.()
  expect(reports).toHaveLength(times)
  expect(reports.join()).toMatch(
    times
      ? /^No heldstate server answers at \/_heldstate\. Start the app with "heldstate dev".* instrumentation\.ts/
      : /^$/,
  )
})

it('a hello that was made for a connection which is gone does not keep the next one from naming what the page watches', async () => {
  const { clock, tab, state, d } = await open()
  tab.drop()
  const listener = (tab.wire as unknown as { listener: { hello(): Promise<object> } }).listener
  await listener.hello() // nobody answers it
  expect(await listener.hello()).toMatchObject({ subscriptions: [[0, 'tab', ['d']]] })
  await tab.reconnect()
  await done(clock, state.add(1))
  expect(d().n).toBe(1)
})
