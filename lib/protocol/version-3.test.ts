/** Codes as a page of protocol 3 reads them. */
import { expect, it } from 'vitest'
import { errorCodes } from '../base/errors.js'
import { byeTo3, Version3 } from './version-3.js'

const nameOf = (code: string) => byeTo3(['bye', code, 'no'])[1]

it.each([
  ['not-callable', 'called-directly'],
  ['origin-not-allowed', 'foreign-origin'],
  ['port-unavailable', 'cannot-listen'],
  ['store-misconfigured', 'unfit-store'],
  ['store-not-writable', 'cannot-store'],
  ['version-mismatch', 'other-version'],
])('%s is still called %s', (code, old) => {
  expect(nameOf(code)).toBe(old)
  const writer = new Version3()
  expect(writer.write('f', [0, code, 'no'])).toEqual(['f', old, 'no'])
  expect(writer.write('d', [[0, 1, 1, [], [[5, code, 'no']]]])).toEqual(['d', 1, 2, [], [[5, old, 'no']]])
})

it('a code that has no counterpart becomes one that the page knows', () => {
  const unread = errorCodes.filter((code) => nameOf(code) === 'handler-failed' && code !== 'handler-failed')
  expect(unread).toEqual([
    'client-only',
    'event-timeout',
    'invalid-reply',
    'other-app',
    'state-too-large',
    'static-export',
    'store-full',
    'too-many-handshakes',
    'too-many-states',
    'unknown-address',
    'unknown-run',
    'unknown-token',
  ])
  expect([nameOf('no-cookie'), nameOf('too-many-tabs')]).toEqual(['invalid-token', 'hub-closed'])
})
