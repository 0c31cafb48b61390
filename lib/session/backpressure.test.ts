import { expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import type { HubOptions } from '../hub/options.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { Backpressure, Unread } from './backpressure.js'

const big = defineState('big', () => ({ text: '', n: 0 })).events((on) => ({
  fill: on((s, length: number) => {
    s.text = 'x'.repeat(length)
  }),
  add: on((s) => {
    s.n += 1
  }),
  fail: on((s) => {
    s.n += 0
    throw new Error('no')
  }),
}))

const length = 500_000
const frame = 16

/** A page with a large state that does not read, and a neighbour. */
async function slowPage(options: Partial<HubOptions> = {}) {
  const kit = testHub([big], options as never)
  const tab = await kit.open()
  await tab.watch(big)
  await kit.done(tab.state(big).fill(length))
  tab.wire.stall()
  return { ...kit, tab, unread: () => kit.hub.memory.unread.bytes }
}

it('sends a page that does not read one welcome, however often it asks', async () => {
  const { tab, clock, unread } = await slowPage()
  for (let asked = 0; asked < 40; asked += 1) {
    tab.wire.send('resync', 0)
    await clock.advance(processLimits.resyncPauseMs)
  }
  expect(unread()).toBeGreaterThan(length)
  expect(unread()).toBeLessThan(length + defaultLimits.unreadBytes)
  expect(tab.connection).toBe('live')
})

it('sends a page that reads again one difference', async () => {
  const { tab, clock, hub } = await slowPage()
  tab.wire.send('resync', 0)
  await clock.advance(frame)
  const before = tab.wire.received.length
  for (let n = 0; n < 200; n += 1) {
    void hub.modifyState(tab.token, big, (s) => {
      s.n += 1
    })
    await clock.advance(20)
  }
  tab.wire.read()
  await clock.advance(100)
  expect(tab.wire.received.slice(before).map(([name]) => name)).toEqual(['w', 'd'])
  expect(tab.state(big).n).toBe(200)
  expect(hub.memory.unread.bytes).toBe(0)
})

it('cuts off a page that takes nothing for its time', async () => {
  const { tab, clock, hub } = await slowPage()
  tab.wire.send('resync', 0)
  await clock.advance(frame)
  await clock.advance(defaultLimits.unreadMs - 1)
  expect(tab.connection).toBe('live')
  await clock.advance(1)
  expect([tab.connection, hub.memory.unread.bytes]).toEqual(['reconnecting', 0])
  await tab.reconnect()
  expect([tab.connection, tab.state(big).text.length]).toEqual(['live', length])
})

it('leaves alone a page that takes a little now and then', async () => {
  const { tab, clock, hub } = await slowPage()
  for (let asked = 0; asked < 3; asked += 1)
    await hub.modifyState(tab.token, big, (s) => {
      s.text = `${asked}`.repeat(length)
    })
  await clock.settle()
  tab.wire.send('resync', 0)
  for (let part = 0; part < 4; part += 1) {
    await clock.advance(defaultLimits.unreadMs - 1_000)
    tab.wire.read(1)
  }
  tab.wire.read()
  await clock.advance(100)
  expect([tab.connection, tab.state(big).text]).toEqual(['live', '2'.repeat(length)])
})

it('cuts off the page that has been slow for longest when all together leave too much unread', async () => {
  const heapBytes = 1_200_000 / processLimits.unreadOfHeap
  const { tab: first, open, clock, done, hub } = await slowPage({ heapBytes })
  const others = [await open(), await open()]
  for (const tab of others) {
    await tab.watch(big)
    await done(tab.state(big).fill(length))
    tab.wire.stall()
  }
  const [second, third] = others
  for (const tab of [first, second, third]) {
    tab?.wire.send('resync', 0)
    await clock.advance(frame)
  }
  expect([first.connection, second?.connection, third?.connection]).toEqual(['reconnecting', 'live', 'live'])
  expect(hub.memory.unread.bytes).toBeLessThan(1_200_000)
})

it('spares a page that reads slowly, before one that came later and reads nothing', async () => {
  const memory = { unread: new Unread(1_000_000) }
  const clock = new TestClock()
  const page = () => {
    const made = {
      unread: 400_000,
      isCut: false,
      send: () => {},
      close: () => {},
      abort: () => void (made.isCut = true),
    }
    const pressure = new Backpressure(made, { clock, limits: defaultLimits, memory }, { drained: () => {} })
    pressure.sent()
    return { made, pressure }
  }
  const [slow, silent] = [page(), page()]
  slow.made.unread -= 1_000
  slow.pressure.taken()
  const last = page()
  expect([slow, silent, last].map(({ made }) => made.isCut)).toEqual([false, true, false])
})

it('lets the calls of a page wait that does not read how they end', async () => {
  const { tab, clock, hub } = await slowPage()
  tab.wire.send('resync', 0)
  await clock.advance(frame)
  const calls = Array.from({ length: 500 }, () =>
    tab
      .state(big)
      .fail()
      .catch(() => 'failed'),
  )
  const others = Array.from({ length: 300 }, () => tab.state(big).add())
  await clock.advance(100)
  expect((hub.instance(tab.token).state.big as { n: number }).n).toBe(0)
  tab.wire.read()
  await clock.advance(100)
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['failed']))
  await Promise.all(others)
  expect(tab.state(big).n).toBe(300)
})

it('says only the last of the failures that no call is told of', async () => {
  const { tab, clock, hub } = await slowPage()
  tab.wire.send('resync', 0)
  await clock.advance(frame)
  const before = hub.memory.unread.bytes
  for (let n = 0; n < 90; n += 1) tab.wire.send(`nonsense ${n}`)
  await clock.advance(100)
  expect(hub.memory.unread.bytes).toBe(before)
  tab.wire.read()
  await clock.advance(100)
  expect(tab.reports).toHaveLength(1)
})
