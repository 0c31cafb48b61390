import { expect, test } from 'vitest'
import { browserIn, issuedAt, signedBrowser } from './browser-cookie.js'

const browser = 'ab'.repeat(16)
const now = Date.UTC(2026, 0, 1)
const value = signedBrowser(browser, now, 'a secret')

test('a signed cookie names the browser, and when it was issued', () => {
  const cookies = `other=1; heldstate=${value}; more=2`
  expect(browserIn(cookies)).toBe(browser)
  expect(issuedAt(cookies, ['a new secret', 'a secret'])).toBe(now)
})

test('a cookie of before names the browser, and says nothing of its age', () => {
  expect(browserIn(`heldstate=${browser}`)).toBe(browser)
  expect(issuedAt(`heldstate=${browser}`, ['a secret'])).toBeUndefined()
})

test('a forged time, browser or signature is no proof of age', () => {
  const [id = '', issued = '', signature = ''] = value.split('.')
  for (const forged of [
    `${id}.1.${signature}`,
    `${'cd'.repeat(16)}.${issued}.${signature}`,
    `${id}.${issued}.${'0'.repeat(32)}`,
    `${id}.${issued}`,
    `${id}.${issued}.${signature}.`,
    `${id}.__proto__.${signature}`,
  ]) {
    expect(issuedAt(`heldstate=${forged}`, ['a secret'])).toBeUndefined()
    expect(browserIn(`heldstate=${forged}`)).toMatch(/^[0-9a-f]{32}$/)
  }
  expect(issuedAt(`heldstate=${value}`, ['another secret'])).toBeUndefined()
})
