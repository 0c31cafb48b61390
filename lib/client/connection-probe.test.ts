import { expect, it } from 'vitest'
import { TestClock } from '../testing/clock.js'
import { ConnectionProbe } from './connection-probe.js'

function open() {
  const clock = new TestClock()
  const asked: number[] = []
  let answer = (): void => {}
  let lost = 0
  const line = new ConnectionProbe(
    clock,
    (answered) => {
      asked.push(clock.now())
      answer = answered
    },
    () => {
      lost += 1
    },
  )
  return { clock, line, asked, answer: () => answer(), lost: () => lost }
}

it('that is silent after something was sent is asked once, and has ended within 3 seconds', async () => {
  const { clock, line, asked, lost } = open()
  line.sent()
  await clock.advance(900)
  line.sent()
  await clock.advance(100)
  expect([asked, lost()]).toEqual([[1000], 0])
  await clock.advance(2_000)
  expect([asked, lost(), clock.running]).toEqual([[1000], 1, 0])
})

it('is not asked while it answers', async () => {
  const { clock, line, asked, lost } = open()
  for (let at = 0; at < 100; at += 1) {
    line.sent()
    await clock.advance(500)
    line.heard()
    await clock.advance(300)
  }
  await clock.advance(60_000)
  expect([asked, lost(), clock.running]).toEqual([[], 0, 0])
})

it('is asked less and less often while a call takes long, and as soon as before once something has come', async () => {
  const { clock, line, asked, answer, lost } = open()
  line.sent()
  for (let second = 0; second < 60; second += 1) {
    const { length } = asked
    await clock.advance(1_000)
    if (asked.length > length) answer()
  }
  expect([asked, lost()]).toEqual([[1_000, 3_000, 7_000, 15_000, 30_000, 45_000, 60_000], 0])
  line.heard()
  line.sent()
  await clock.advance(3_000)
  expect([asked.at(-1), lost()]).toEqual([61_000, 1])
})

it('has not ended if anything comes instead of the answer', async () => {
  const { clock, line, asked, lost } = open()
  line.doubt()
  line.doubt()
  await clock.advance(1_900)
  line.heard()
  await clock.advance(60_000)
  expect([asked, lost(), clock.running]).toEqual([[0], 0, 0])
})

it('is not asked once the connection has ended', async () => {
  const { clock, line, asked, lost } = open()
  line.sent()
  line.close()
  await clock.advance(60_000)
  line.doubt()
  line.close()
  await clock.advance(60_000)
  expect([asked, lost(), clock.running]).toEqual([[60_000], 0, 0])
})
