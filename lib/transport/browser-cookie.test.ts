import { expect, test } from 'vitest'
import { edgeLimits } from '../base/server-limits.js'
import { browsersIn, firstOf, hasBrowserCookie, setCookie, signedBrowser } from './browser-cookie.js'

const browser = 'ab'.repeat(16)
const other = 'cd'.repeat(16)
const now = Date.UTC(2026, 0, 1)
const value = signedBrowser(browser, now, 'a secret')
const secrets = ['a secret']

test('a signed cookie names the browser, and when it was issued', () => {
  const cookies = `other=1; heldstate=${value}; more=2`
  expect(browsersIn(cookies, secrets, false)).toEqual([{ browser, issued: now, isCurrent: true, isZoneless: false }])
  expect(browsersIn(cookies, ['a new secret', 'a secret'], false)).toMatchObject([{ browser, isCurrent: false }])
})

test('what is not signed, or was forged, names nobody', () => {
  const [id = '', issued = '', signature = ''] = value.split('.')
  for (const forged of [
    id,
    '',
    `${id}.1.${signature}`,
    `${other}.${issued}.${signature}`,
    `${id}.${issued}.${'0'.repeat(32)}`,
    `${id}.${issued}`,
    `${value}.`,
    `${value}x`,
    `${id}.__proto__.${signature}`,
    value.toUpperCase(),
    'x'.repeat(100_000),
  ]) {
    expect(browsersIn(`heldstate=${forged}`, secrets, false)).toEqual([])
    expect(hasBrowserCookie(`heldstate=${forged}`)).toBe(true)
  }
  expect(browsersIn(`heldstate=${value}`, ['another secret'], false)).toEqual([])
  for (const cookies of [undefined, null, '', `not-heldstate=${value}`, `__Secure-heldstate=${value}`])
    expect(browsersIn(cookies, secrets, false)).toEqual([])
})

test('of several each is there, first of all the one that no other host can set; over https that alone', () => {
  const pushed = signedBrowser(other, now, 'a secret')
  const cookies = `heldstate=${pushed}; __Host-heldstate=${value}`
  expect(browsersIn(cookies, secrets, false).map((one) => one.browser)).toEqual([browser, other])
  expect(browsersIn(cookies, secrets, true).map((one) => one.browser)).toEqual([browser])
  expect(browsersIn(`heldstate=${value}; heldstate=${pushed}`, secrets, false)).toHaveLength(2)
})

test('each zone of an origin has a name of its own, and one without a zone comes last', () => {
  const plain = signedBrowser(other, now, 'a secret')
  const name = (zone: string, secure = false) =>
    setCookie('v', { secure, sameSite: 'lax', zone }).split('=', 1)[0] as string
  const zones = ['', '/shop', '/shop/eu', '/shop.eu', '/shop!eu', '/caf\u00e9', '/tab-12345678']
  expect(new Set(zones.map((zone) => name(zone))).size).toBe(zones.length)
  expect([name('/shop'), name('/shop', true)]).toEqual(['heldstate.shop', '__Host-heldstate.shop'])
  for (const zone of zones.slice(1)) {
    const cookies = `heldstate=${plain}; ${name(zone)}=${value}`
    expect(browsersIn(cookies, secrets, false, zone)).toMatchObject([
      { browser, isZoneless: false },
      { browser: other, isZoneless: true },
    ])
    expect(browsersIn(cookies, secrets, false)).toMatchObject([{ browser: other, isZoneless: false }])
    expect(hasBrowserCookie(`${name(zone)}=x`, zone)).toBe(true)
    expect(hasBrowserCookie(`${name(zone)}=x`)).toBe(false)
  }
})

test('of very many, a few are looked at', () => {
  const cookies = Array.from({ length: 1_000 }, () => `heldstate=${value}`).join('; ')
  expect(browsersIn(cookies, secrets, false)).toHaveLength(edgeLimits.browserCookies)
})

test('over https its name belongs to the host, and in frames of other sites each site has its own', () => {
  expect(setCookie('v', { secure: false, sameSite: 'lax' })).toBe(
    'heldstate=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000',
  )
  expect(setCookie('v', { secure: true, sameSite: 'lax' })).toBe(
    '__Host-heldstate=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000; Secure',
  )
  expect(setCookie('v', { secure: true, sameSite: 'none' })).toBe(
    '__Host-heldstate=v; Path=/; HttpOnly; SameSite=None; Partitioned; Max-Age=31536000; Secure',
  )
})

test.each([
  [undefined, undefined],
  ['https', 'https'],
  ['https,http', 'https'],
  [' HTTPS , http', 'https'],
  [['https', 'http'], 'https'],
  ['', ''],
])('of the header %j, the first of the list is %j', (header, first) => {
  expect(firstOf(header)).toBe(first)
})
