import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { Site } from './site.js'

const asked = (headers: Record<string, string>, remoteAddress = '127.0.0.1', encrypted = false) =>
  ({ headers, socket: { remoteAddress, ...(encrypted && { encrypted }) } }) as unknown as IncomingMessage
const site = new Site({})
const isForeign = (...given: Parameters<typeof asked>) => site.isForeign(asked(...given), 'handshake')

it('X-Forwarded-Host counts from a proxy that is near, the first of a list, and from nobody else', () => {
  const headers = { origin: 'https://shop.example', host: 'inner:3000', 'x-forwarded-host': 'shop.example, inner' }
  for (const near of ['127.0.0.1', '10.1.2.3', '::1', 'fd00::7', '::ffff:192.168.0.9'])
    expect(isForeign(headers, near), near).toBe(false)
  for (const far of ['203.0.113.9', '2001:db8::1']) expect(isForeign(headers, far), far).toBe(true)
  expect(isForeign({ ...headers, 'x-forwarded-host': 'evil.example, shop.example' })).toBe(true)
})

it('the scheme counts: a page at http: does not speak for one at https:', () => {
  const host = 'shop.example'
  expect(isForeign({ origin: `http://${host}`, host })).toBe(false)
  expect(isForeign({ origin: `http://${host}`, host }, '203.0.113.9', true)).toBe(true)
  expect(isForeign({ origin: `http://${host}`, host, 'x-forwarded-proto': 'https, http' })).toBe(true)
  expect(isForeign({ origin: `https://${host}`, host }, '203.0.113.9', true)).toBe(false)
  expect(isForeign({ origin: `https://${host}`, host: `${host}:443` })).toBe(false) // the port of the scheme
})

it.each(['null', '', 'nonsense', 'file:///a', 'javascript:1', 'https://', 'shop.example'])(
  'an origin that is none is foreign: %j',
  (origin) => {
    expect(isForeign({ origin, host: 'shop.example' })).toBe(true)
  },
)
