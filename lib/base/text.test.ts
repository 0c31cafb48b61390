import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cut, escaped, isSafe } from './text.js'

it('a text within its bound is left as it is', () => {
  expect([cut('', 3), cut('abc', 3)]).toEqual(['', 'abc'])
})

it('a longer one ends with an ellipsis, and keeps its bound', () => {
  expect([cut('abcd', 3), cut('a'.repeat(900_000), 500).length]).toEqual(['ab…', 500])
})

it('no pair of surrogates is cut in half', () => {
  expect([cut('a😀bc', 3), cut('😀😀😀', 4), cut('ab😀', 3)]).toEqual(['a…', '😀…', 'ab…'])
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 2, max: 30 }), (text, length) => {
      const shown = cut(text, length)
      expect(shown.length).toBeLessThanOrEqual(Math.max(length, 0))
      expect(/\p{Cs}/u.test(shown)).toBe(false)
    }),
    { seed: 13, numRuns: 500 },
  )
})

it('what could forge a line of a log is escaped', () => {
  expect(escaped('a\nheldstate: b\r\t\u001b[31m\u2028\u202ec')).toBe('a\\nheldstate: b\\r\\t\\u001b[31m\\u2028\\u202ec')
  expect([isSafe('plain "words" – ünïcode 😀'), isSafe('a\nb'), isSafe('a\nb')]).toEqual([true, false, false])
})
