/** Pages that send much: in bytes, and in calls a second. */
import { describe, expect, it } from 'vitest'
import { crowdLimits } from '../base/crowd-limits.js'
import { defaultLimits } from '../base/limits.js'
import { handlerLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { memoryStore } from '../store/memory.js'
import { TestClock } from '../testing/clock.js'
import { endsIn } from '../testing/ends.fixture.js'
import { testHub } from '../testing/kit.js'
import { CallRate } from './call-rate.js'
import { type Drainable, FairShare } from './fair-share.js'

let open = () => {}
let opened = Promise.resolve()
const close = () => {
  opened = new Promise<void>((resolve) => {
    open = resolve
  })
}

const d = defineState('d', () => ({ n: 0, length: 0 })).events((on) => ({
  wait: on(async () => {
    await opened
  }),
  take: on((s, text: string) => {
    s.length = text.length
  }),
  add: on((s) => {
    s.n += 1
  }),
}))

/** A page that speaks the wire itself, over a connection that notes whether it is read. */
async function raw(kit = testHub([d]), page = 'a', address?: string) {
  const said: unknown[][] = []
  const connection = {
    paused: 0,
    address,
    written: 0,
    send: (name: string, ...args: unknown[]) => {
      said.push([name, ...args])
      connection.written += JSON.stringify(args).length
    },
    pause() {
      connection.paused += 1
    },
    resume() {
      connection.paused -= 1
    },
    close: () => {},
  }
  const hello = { version: protocolVersion, page: page.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
  const session = kit.hub.connect(connection, hello, 'browser')
  await kit.clock.settle()
  let id = 0
  const call = (member: string, args: unknown[] = [], bytes = 30) => {
    id += 1
    session.receive('call', [0, id, 'd', member, args], bytes)
    return id
  }
  const settled = () => said.flatMap(endsIn)
  return { ...kit, session, connection, said, call, settled }
}

const megabyte = 1_000_000

describe('calls that wait', () => {
  it('are read no further when they take half of their bytes, and again when they have run', async () => {
    const { call, connection, clock, hub, settled } = await raw()
    close()
    call('wait')
    call('take', ['x'], megabyte)
    expect(connection.paused).toBe(0)
    call('take', ['x'], megabyte)
    call('take', ['x'], megabyte)
    expect(connection.paused).toBe(1)
    expect(hub.memory.inboxes.bytes).toBe(3 * megabyte + 30)
    open()
    await clock.advance(20)
    expect([connection.paused, hub.memory.inboxes.bytes]).toEqual([0, 0])
    expect(settled().map(([, code]) => code)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('are refused by name when they take more, over a connection that cannot be paused', async () => {
    const { call, clock, hub, settled } = await raw()
    close()
    call('wait')
    for (let n = 0; n < 500; n += 1) call('take', ['x'], megabyte)
    await clock.advance(20)
    expect(hub.memory.inboxes.bytes).toBeLessThanOrEqual(defaultLimits.inboxBytes)
    expect(settled().filter(([, code]) => code === 'inbox-full')).toHaveLength(497)
    open()
    await clock.advance(20)
    expect(settled().filter(([, code]) => code === undefined)).toHaveLength(4)
    expect(hub.memory.inboxes.bytes).toBe(0)
  })

  it('count until they have ended, also while their change is on its way to the store', async () => {
    const kept = memoryStore()
    let save = () => {}
    const saved = new Promise<void>((resolve) => {
      save = resolve
    })
    const store = {
      ...kept,
      save: async (token: string, next: Parameters<typeof kept.save>[1]) => {
        await saved
        await kept.save(token, next)
      },
    }
    const { call, clock, hub, connection } = await raw(testHub([d], { store }))
    for (let n = 0; n < 3; n += 1) call('take', [`${n}`], megabyte)
    await clock.advance(20)
    expect([hub.memory.inboxes.bytes, connection.paused]).toEqual([3 * megabyte, 1])
    save()
    await clock.advance(20)
    expect([hub.memory.inboxes.bytes, connection.paused]).toEqual([0, 0])
  })

  it('of a page that has gone count no more, but for those that run', async () => {
    const { call, clock, hub, session } = await raw()
    close()
    call('wait', [], 500)
    for (let n = 0; n < 3; n += 1) call('take', ['x'], megabyte)
    hub.disconnected(session)
    expect(hub.memory.inboxes.bytes).toBe(500)
    open()
    await clock.advance(20)
    expect(hub.memory.inboxes.bytes).toBe(0)
  })

  it('of all pages together are bounded, and a page without any is served', async () => {
    const kit = testHub([d], { heapBytes: 5 * megabyte * 16 })
    const [one, two, three] = [await raw(kit, 'a'), await raw(kit, 'b'), await raw(kit, 'c')]
    close()
    for (const page of [one, two, three]) {
      page.call('wait')
      for (let n = 0; n < 4; n += 1) page.call('take', ['x'], megabyte - 30)
    }
    await kit.clock.advance(20)
    expect(kit.hub.memory.inboxes.bytes).toBeLessThan(7 * megabyte)
    expect([one, two, three].map(({ connection }) => connection.paused)).toEqual([1, 1, 1])
    const neighbour = await raw(kit, 'd')
    neighbour.call('add')
    await kit.clock.advance(20)
    expect(neighbour.settled()).toEqual([[1]])
    open()
    await kit.clock.advance(20)
    expect(kit.hub.memory.inboxes.bytes).toBe(0)
    expect([one, two, three].map(({ connection }) => connection.paused)).toEqual([0, 0, 0])
  })
})

/** A hub whose clock goes on by some milliseconds each time that it is looked at. */
function ticking(tick = 0.2) {
  const clock = new TestClock()
  let ticks = 0
  const own = {
    now: () => {
      ticks += tick
      return clock.now() + ticks
    },
    after: clock.after.bind(clock),
    turn: clock.turn.bind(clock),
    id: clock.id.bind(clock),
  }
  return testHub([d], {}, clock, own)
}

describe('a page above its rate', () => {
  it('is put last and not read meanwhile, and none of its calls is lost', async () => {
    const kit = ticking()
    const flood = await raw(kit, 'a')
    const neighbour = await raw(kit, 'b')
    const fields = () => kit.hub.instance(flood.session.own.instance.token).state.d as { n: number } | undefined
    for (let n = 0; n < 1_000; n += 1) flood.call('add')
    const burst = fields()?.n
    expect(burst).toBe(1_000) // a burst is served at once
    neighbour.call('add')
    for (let n = 0; n < 900; n += 1) {
      flood.call('add')
      if (n % 50 === 0) neighbour.call('add')
    }
    expect(fields()?.n).toBeLessThan(1_900)
    expect(flood.connection.paused).toBe(1)
    expect((kit.hub.instance(neighbour.session.own.instance.token).state.d as { n: number }).n).toBe(19)
    await kit.clock.advance(5_000)
    expect([fields()?.n, flood.connection.paused]).toEqual([1_900, 0])
    expect(flood.settled().map(([id]) => id)).toEqual(Array.from({ length: 1_900 }, (_, n) => n + 1))
  })

  it('is served at once while nobody is behind, however fast it is', async () => {
    const flood = await raw() // its clock stands still, so all takes no time
    for (let n = 0; n < 5_000; n += 1) {
      flood.call('add')
      if (n % 500 === 0) await flood.clock.settle()
    }
    expect(flood.connection.paused).toBe(0)
    await flood.clock.advance(20)
    expect(flood.settled()).toHaveLength(5_000)
  })

  it('lets go of its place when it leaves', async () => {
    const kit = ticking()
    const [gone, other] = [await raw(kit, 'a'), await raw(kit, 'b')]
    const quiet = await raw(kit, 'c')
    for (let n = 0; n < 1_990; n += 1) {
      gone.call('add')
      if (n % 50 === 0) quiet.call('add')
    }
    expect(gone.connection.paused).toBe(1)
    kit.hub.disconnected(gone.session)
    quiet.call('add')
    for (let n = 0; n < 1_990; n += 1) other.call('add')
    await kit.clock.advance(5_000)
    expect(other.settled()).toHaveLength(1_990)
  })

  it('counts as one if its calls take long, however few they are', async () => {
    const kit = ticking(5)
    const [slow, quiet] = [await raw(kit, 'a'), await raw(kit, 'b')]
    quiet.call('add')
    const batch = Array.from({ length: 100 }, (_, id) => ['call', 0, id + 1, 'd', 'add', []])
    slow.session.receive('batch', [batch], 3_000)
    expect(slow.connection.paused).toBe(1)
    await kit.clock.advance(5_000)
    expect(slow.settled()).toHaveLength(100)
    expect(slow.connection.paused).toBe(0)
  })
})

it('one page above its rate at a time is served, as long as another one is about', () => {
  const timers: { at: number; run: () => void }[] = []
  const clock = {
    time: 0,
    now: () => clock.time,
    turn: (run: () => void) => void timers.push({ at: clock.time + 0.1, run }),
    after: (ms: number, run: () => void) => {
      timers.push({ at: clock.time + ms, run })
      return () => {}
    },
  }
  const share = new FairShare(clock as never)
  const quiet: Drainable = { drain: () => {} }
  const served: [name: string, at: number][] = []
  const page = (name: string) => {
    const drainable: Drainable & { left: number } = {
      left: 40,
      drain: () => {
        while (drainable.left > 0) {
          if (!share.mayRun(drainable)) return share.wait(drainable)
          drainable.left -= 1
          served.push([name, clock.time])
          clock.time += 0.5
        }
        share.leave(drainable)
      },
    }
    return drainable
  }
  const pages = ['a', 'b', 'c'].map(page)
  share.quiet(quiet, 0)
  for (const each of pages) share.wait(each)
  while (timers.length > 0) {
    const next = timers.sort((a, b) => a.at - b.at).shift()
    clock.time = Math.max(clock.time, next?.at ?? 0)
    share.quiet(quiet, clock.time)
    next?.run()
  }
  expect(pages.map(({ left }) => left)).toEqual([0, 0, 0])
  const first = (name: string) => served.find(([of]) => of === name)?.[1] ?? Number.NaN
  expect(first('c')).toBeLessThan(4 * 3 * handlerLimits.sliceMs)
  expect(clock.time).toBeGreaterThan(2 * 3 * 40 * 0.5 * 0.9) // it rested for as long as it ran
})

it('a rate allows a burst, then so many a second, and recovers', () => {
  const rate = new CallRate(200, 1_000)
  expect(rate.count(1_000, 0)).toBe(false)
  expect(rate.count(1, 0)).toBe(true)
  expect(rate.count(1, 1_000)).toBe(false)
  expect(rate.count(100_000, 1_000)).toBe(true)
  expect(rate.count(1, 3_000)).toBe(false)
})

it('a connection over which much comes that cannot be read is closed, and the rest of it is not looked at', async () => {
  const kit = await raw()
  let closed = 0
  kit.connection.close = () => {
    closed += 1
  }
  const batch = Array.from({ length: 1_000 }, (_, n) => (n % 2 ? [] : ['call', n]))
  kit.session.receive('batch', [batch], 7_000)
  kit.session.receive('batch', [batch], 7_000)
  await kit.clock.settle()
  expect([closed, kit.session.phase]).toEqual([1, 'closed'])
  expect(kit.said.filter(([name]) => name === 'f').length).toBeLessThan(crowdLimits.unreadableMessages)
})
