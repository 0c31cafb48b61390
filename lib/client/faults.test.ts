import { afterEach, beforeEach, expect, it } from 'vitest'
import { faults, type WireEvent } from './faults.js'
import { interceptor } from './interceptor.js'
import { closeAll, openTab, soon } from './socket-tab.fixture.js'

let events: WireEvent[]
let unwatch: () => void

beforeEach(() => {
  events = []
  unwatch = faults.watch((event) => void events.push(event))
})

afterEach(async () => {
  unwatch()
  faults.delay(0)
  faults.restore()
  await closeAll()
  Object.assign(interceptor, { between: undefined, cut: undefined, retry: undefined })
})

it('a cut ends the connection, and calls made meanwhile take effect once when it is over', async () => {
  const { tab, now, saw } = await openTab()
  tab.start()
  await saw('live')
  faults.cut(300)
  await saw('live', 'reconnecting')
  const calls = [now().add(1), now().add(2)]
  expect(faults.now.cut).toBe(true)
  await Promise.all(calls)
  expect(now().n).toBe(3)
  expect(faults.now.cut).toBe(false)
  expect(events.filter(({ kind }) => kind === 'close')).toHaveLength(1)
})

it('a cut without a time lasts until it is taken back', async () => {
  const { tab, now, saw, watchers } = await openTab()
  tab.start()
  await saw('live')
  faults.cut()
  await soon(() => expect(watchers().size).toBe(0))
  const call = now().add(1)
  const first = await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 1_500, 'nothing'))])
  expect(first).toBe('nothing')
  faults.restore()
  await call
  expect(now().n).toBe(1)
})

it('lost answers end the connection, and the call that had taken effect is not done again', async () => {
  const { tab, now, saw } = await openTab()
  tab.start()
  await saw('live')
  faults.loseAnswers(1)
  await now().add(5)
  expect(now().n).toBe(5)
  expect(events.filter(({ kind }) => kind === 'lost')).toHaveLength(1)
})

it('a line that is half open is noticed', async () => {
  const { tab, now, saw } = await openTab()
  tab.start()
  await saw('live')
  faults.halfOpen()
  const call = now().add(1)
  await saw('live', 'reconnecting')
  faults.restore()
  await call
  expect(now().n).toBe(1)
})

it('a fault takes the place of the one before, with its time', async () => {
  faults.cut(60_000)
  faults.halfOpen(50)
  expect(faults.now).toMatchObject({ cut: false, halfOpen: true })
  await soon(() => expect(faults.now.halfOpen).toBe(false))
  faults.halfOpen(50)
  faults.cut()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(faults.now).toMatchObject({ cut: true, halfOpen: false })
})

it('a delay holds messages back in their order, each way, and a shorter one changes no order', async () => {
  const { tab, now, saw } = await openTab()
  tab.start()
  await saw('live')
  const began = performance.now()
  const calls: Promise<void>[] = []
  for (const ms of [150, 150, 150, 20, 0, 0]) {
    faults.delay(ms)
    calls.push(now().add(calls.length + 1))
    const { length } = calls
    await soon(() => expect(events.filter(({ name }) => name === 'call')).toHaveLength(length))
  }
  await Promise.all(calls)
  expect(performance.now() - began).toBeGreaterThan(100)
  expect(now().n).toBe(21)
})

it('tells each message with its bytes', async () => {
  const { tab, now, saw } = await openTab()
  tab.start()
  await saw('live')
  await now().add(1)
  const call = events.find(({ name }) => name === 'call')
  expect(call).toMatchObject({ kind: 'out', bytes: '42["call",0,1,"d","add",[1]]'.length })
  expect(events[0]).toMatchObject({ kind: 'open', bytes: 0 })
})

it.each([
  () => faults.cut(0),
  () => faults.halfOpen(Number.NaN),
  () => faults.delay(-1),
  () => faults.delay(Number.POSITIVE_INFINITY),
  () => faults.loseAnswers(0.5),
])('refuses %s', (wrong) => {
  expect(wrong).toThrow(expect.objectContaining({ code: 'invalid-arguments' }))
})
