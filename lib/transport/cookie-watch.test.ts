import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { io } from 'socket.io-client'
import { afterEach, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { callerCookie, callerHeader, documentHeader, writeCaller } from '../protocol/caller.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { CookieWatch } from './cookie-watch.js'
import { cookieOf, listening } from './server.fixture.js'

const d = defineState('d', () => ({ who: '' })).events((on) => ({
  ask: on({ request: true }, (s) => void (s.who = 'x')),
}))
const plain = defineState('plain', () => ({ n: 0 }))
const browser = 'ab'.repeat(16)
const page = 'c'.repeat(32)

let cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
})

async function open(definition = d as typeof d | typeof plain) {
  const visitors: unknown[] = []
  const served = await listening([definition], {
    inRequest: (work, cookies, visitor) => {
      visitors.push({ cookies, visitor })
      return work()
    },
  })
  cleanUp.push(served.close)
  const { server, hub, url } = served
  const watch = new CookieWatch(hub)
  server.on('request', (request, response) => {
    if (request.url?.startsWith(socketPath)) return
    watch.look(request, response)
    const set = request.headers['x-set']
    if (set) response.setHeader('set-cookie', [set].flat())
    response.end('done')
  })
  const connect = (cookies: string, auth: object = {}, headers: Record<string, string> = {}) => {
    const socket = io(url, {
      path: socketPath,
      transports: ['websocket'],
      auth: { version: protocolVersion, page, subscriptions: [[0, 'tab', [definition.id]]], ...auth },
      extraHeaders: { cookie: cookies, ...headers },
      forceNew: true,
      reconnection: false,
    })
    cleanUp.push(() => socket.disconnect())
    const said: unknown[][] = []
    socket.onAny((...message) => void said.push(message))
    const welcome = vi.waitFor(() => {
      expect(said[0]?.[0]).toBe('hi')
      return (said[0] as [string, string])[1]
    })
    return { socket, welcome, said }
  }
  const ask = (cookies: string, token: string | undefined, more: Record<string, string> = {}) =>
    fetch(`${url}/page`, {
      headers: {
        cookie: cookies,
        ...(token ? { [callerHeader]: writeCaller({ mark: page, signed: token }) } : {}),
        ...more,
      },
    }).then((answer) => answer.text())
  const settled = () => new Promise((resolve) => setTimeout(resolve, 80))
  return { ...served, connect, ask, settled, visitors }
}

const own = cookieOf(browser, Date.now())

it.each([
  ['another value', `${own}; session=bob; theme=dark`],
  ['a cookie less', `${own}; theme=dark`],
  ['a cookie more', `${own}; session=ann; theme=dark; admin=1`],
])('a request of a tab with %s than its connection makes the page connect again', async (_, cookies) => {
  const { connect, ask, settled } = await open()
  const { socket, welcome } = connect(`${own}; session=ann; theme=dark`)
  await ask(cookies, await welcome)
  await settled()
  expect(socket.connected).toBe(false)
})

it('the same cookies, in another order and with ours, do not', async () => {
  const { connect, ask, settled } = await open()
  const { socket, welcome } = connect(`${own}; session=ann; theme=dark`)
  const token = await welcome
  await ask(`theme=dark; heldstate-tab-12345678=x; session=ann; ${own}`, token)
  await ask(`${own}; session=bob`, undefined) // no tab says so
  await ask(`${cookieOf('cd'.repeat(16))}; session=bob`, token) // another browser
  await settled()
  expect(socket.connected).toBe(true)
})

it('a cookie that is bound to a path which is not ours counts once', async () => {
  const { connect, ask, settled } = await open()
  const first = connect(`${own}; a=1`)
  const token = await first.welcome
  await ask(`${own}; a=1; cart=7`, token)
  await settled()
  expect(first.socket.connected).toBe(false)
  const second = connect(`${own}; a=1`, { token })
  await second.welcome
  await ask(`${own}; a=1; cart=8`, token)
  await settled()
  expect(second.socket.connected).toBe(true)
})

it('a response that sets a cookie makes all pages of its browser connect again, and nobody else', async () => {
  const { connect, ask, settled } = await open()
  const [one, two] = [connect(own), connect(own, { page: 'd'.repeat(32) })]
  const bob = connect(cookieOf('cd'.repeat(16), Date.now()))
  for (const { welcome } of [one, two, bob]) await welcome
  await ask(own, undefined, { 'x-set': 'heldstate=x; Path=/' })
  await settled()
  expect(one.socket.connected).toBe(true)
  await ask(own, undefined, { 'x-set': 'session=ann; Path=/; HttpOnly' })
  await settled()
  expect([one, two, bob].map(({ socket }) => socket.connected)).toEqual([false, false, true])
})

it('a document whose cookies may name a tab gets a name of its own, whatever its visitor calls it', async () => {
  const { hub } = await open(plain)
  const watch = new CookieWatch(hub)
  const nameOf = (cookie?: string) => {
    const headers: IncomingHttpHeaders = { [documentHeader]: 'forged', ...(cookie && { cookie }) }
    watch.look({ headers } as IncomingMessage, {} as ServerResponse)
    return headers[documentHeader]
  }
  const cookie = `${callerCookie(page, true)}=x`
  const [one, two] = [nameOf(cookie), nameOf(cookie)]
  expect(one).toMatch(/^[0-9a-f]{32}$/)
  expect(two).not.toBe(one)
  expect([nameOf('session=ann'), nameOf()]).toEqual([undefined, undefined])
})

it('an app whose events ask for no request is left alone', async () => {
  const { connect, ask, settled } = await open(plain)
  const { socket, welcome } = connect(`${own}; session=ann`)
  await ask(`${own}; session=bob`, await welcome, { 'x-set': 'session=bob' })
  await settled()
  expect(socket.connected).toBe(true)
})

it('an event that asks for a request has the cookies, the browser and the address of its visitor', async () => {
  const { connect, visitors } = await open()
  const headers = { 'user-agent': 'Phone/1', 'accept-language': 'de', 'x-forwarded-for': '203.0.113.7' }
  const { socket, welcome, said } = connect(`${own}; session=ann`, {}, headers)
  await welcome
  socket.emit('call', 0, 1, 'd', 'ask', [])
  await vi.waitFor(() => expect(said.some(([name]) => name === 'd')).toBe(true))
  expect(visitors).toEqual([{ cookies: `${own}; session=ann`, visitor: expect.objectContaining(headers) }])
  const direct = connect(own)
  await direct.welcome
  direct.socket.emit('call', 0, 1, 'd', 'ask', [])
  await vi.waitFor(() => expect(visitors).toHaveLength(2))
  expect(visitors[1]).toMatchObject({ visitor: { 'x-forwarded-for': expect.stringMatching(/127\.0\.0\.1$/) } })
})
