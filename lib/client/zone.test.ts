// @vitest-environment happy-dom
/** A page of an app that shares its origin with others: what it keeps and says is its own app's. */
import { beforeEach, expect, it, vi } from 'vitest'
import { appHeader } from '../protocol/caller.js'
import { browserIdentity } from './identity.js'
import { Introduction } from './introduction.js'

vi.mock('../protocol/heldstate-app.js', () => ({ heldApp: { zone: '/shop', id: '/shop#1a2b3c4d' } }))

const others = `${'a'.repeat(32)}.${'1'.repeat(32)}`
const own = `${'b'.repeat(32)}.${'2'.repeat(32)}`

beforeEach(() => {
  sessionStorage.clear()
  vi.stubGlobal('navigator', {})
})

it('finds no token of the app that was in this tab before it, and leaves that where it is', async () => {
  sessionStorage.setItem('heldstate.token', others)
  sessionStorage.setItem('heldstate.mark', 'of the other app')
  const identity = browserIdentity()
  expect(await identity.claim()).toBeUndefined()
  identity.keep(own)
  new Introduction(identity.current)
  expect({ ...sessionStorage }).toEqual({
    'heldstate.token': others,
    'heldstate.mark': 'of the other app',
    'heldstate.token/shop': own,
  })
  identity.forget()
  expect(sessionStorage.getItem('heldstate.token')).toBe(others)
  expect(await browserIdentity().claim()).toBeUndefined()
})

it('names its app to the server with its tab', async () => {
  const sent = vi.fn(async (_: unknown, init?: RequestInit) => new Response(new Headers(init?.headers).get(appHeader)))
  const page = new Introduction(() => own)
  expect(await (await page.fetch('/path', {}, sent as typeof fetch)).text()).toBe('/shop#1a2b3c4d')
})
