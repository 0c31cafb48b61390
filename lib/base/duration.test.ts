import { expect, it } from 'vitest'
import { milliseconds } from './duration.js'

it.each([
  [250, 250],
  [0, 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['24h', 86_400_000],
])('%j is %j milliseconds', (given, expected) => {
  expect(milliseconds(given)).toBe(expected)
})

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '', '30', '30 s', 's', '-1s', '1d', null, undefined, {}])(
  '%j is no span of time',
  (given) => {
    expect(milliseconds(given)).toBeUndefined()
  },
)
