import { expect, it } from 'vitest'
import { Buckets } from './buckets.js'
import { processLimits } from './server-limits.js'

function timed(rate: { perSecond: number; burst: number }) {
  const clock = { time: 0, now: () => clock.time }
  return { clock, buckets: new Buckets(clock, rate) }
}

it('gives a burst at once and the rate after that', () => {
  const { clock, buckets } = timed({ perSecond: 10, burst: 3 })
  expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 0])
  expect(buckets.take('a')).toBe(100)
  clock.time = 99
  expect(buckets.take('a')).toBe(1)
  clock.time = 100
  expect(buckets.take('a')).toBe(0)
  expect(buckets.take('a')).toBe(100)
})

it('keeps the keys apart', () => {
  const { buckets } = timed({ perSecond: 1, burst: 1 })
  expect(buckets.take('a')).toBe(0)
  expect(buckets.take('b')).toBe(0)
  expect(buckets.take('a')).toBe(1_000)
})

it('forgets the buckets that are full again', () => {
  const { clock, buckets } = timed({ perSecond: 1, burst: 5 })
  for (let key = 0; key < 100; key += 1) buckets.take(`${key}`)
  expect(buckets.size).toBe(100)
  clock.time = 1_000
  buckets.take('last')
  expect(buckets.size).toBe(1)
})

it('lets the keys that find no place share one bucket', () => {
  const { buckets } = timed({ perSecond: 1, burst: 2 })
  for (let key = 0; key < processLimits.buckets; key += 1) buckets.take(`${key}`)
  expect([buckets.take('x'), buckets.take('y'), buckets.take('z')]).toEqual([0, 0, 1_000])
  expect(buckets.size).toBeLessThanOrEqual(processLimits.buckets + 1)
})

it('does not lose by a clock that was set back', () => {
  const { clock, buckets } = timed({ perSecond: 1, burst: 1 })
  clock.time = 5_000
  buckets.take('a')
  clock.time = 0
  expect(buckets.take('a')).toBe(1_000)
  clock.time = 1_000
  expect(buckets.take('a')).toBe(0)
})
