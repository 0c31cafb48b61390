import { expect, it } from 'vitest'
import { testHub } from '../testing/kit.js'
import { counter, simple } from './counter.fixture.js'

it('counts on the server and reaches its max', async () => {
  const { open, clock } = testHub([counter, simple])
  const tab = await open()
  await tab.watch(counter)
  expect(tab.state(counter)).toMatchObject({ counter: 0, maxCounter: 10, running: false, percent: 0 })
  const toggled = tab.state(counter).toggle()
  await clock.advance(0)
  await toggled
  expect(tab.state(counter)).toMatchObject({ counter: 1, running: true, percent: 10 })
  await clock.advance(1000)
  expect(tab.state(counter).counter).toBe(3)
  await clock.advance(60_000)
  expect(tab.state(counter)).toMatchObject({ counter: 10, running: false, percent: 100 })
  expect(tab.state(counter).count.running).toBe(0)
})

it('stops, resets and takes another max while it counts', async () => {
  const { open, clock, hub } = testHub([counter])
  const tab = await open()
  await tab.watch(counter)
  void tab.state(counter).toggle()
  await clock.advance(1200)
  void tab.state(counter).setMax('5')
  void tab.state(counter).reset()
  await clock.advance(0)
  expect(tab.state(counter)).toMatchObject({ counter: 0, maxCounter: 5, running: true })
  void tab.state(counter).toggle()
  await clock.advance(10_000)
  expect(tab.state(counter)).toMatchObject({ counter: 0, running: false })
  expect(hub.backgroundTasks.size).toBe(0)
})

it('runs one copy of a single task, and a second start joins it', async () => {
  const { open, clock } = testHub([simple])
  const tab = await open()
  await tab.watch(simple)
  const first = tab.state(simple).count.start()
  const second = tab.state(simple).count.start()
  await clock.settle()
  await first
  await second
  expect(tab.state(simple).count.running).toBe(1)
  await clock.advance(20_000)
  expect(tab.state(simple)).toMatchObject({ counter: 10, count: { running: 0, error: null } })
})
