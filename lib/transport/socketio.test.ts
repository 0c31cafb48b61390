import { request } from 'node:http'
import { io, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import type { HubOptions } from '../doors/server.js'
import { signToken } from '../instance/token.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { endsIn } from '../testing/ends.fixture.js'
import { signedBrowser } from './browser-cookie.js'
import { cookieOf, listening } from './server.fixture.js'

const d = defineState('d', () => ({ n: 0, text: '' })).events((on) => ({
  add: on((s, by: number) => {
    s.n += by
  }),
  write: on((s, text: string) => {
    s.text = text
  }),
}))

type Headers = Readonly<Record<string, string>>
const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
const browser = 'ab'.repeat(16)

let cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
})

async function serving(options: HubOptions = {}, developmentHosts?: () => readonly string[]) {
  const served = await listening([d], options, developmentHosts)
  cleanUp.push(served.close)
  const at = `${served.url}${socketPath}/?EIO=4`
  return {
    ...served,
    /** A socket that says hello, with everything that it was told. */
    open: (headers: Headers = {}, auth: object = hello, transports = ['websocket']) => {
      const socket = io(served.url, {
        path: socketPath,
        transports,
        auth,
        extraHeaders: headers,
        forceNew: true,
        reconnection: false,
      })
      cleanUp.push(() => socket.disconnect())
      const said: unknown[][] = []
      socket.onAny((...message) => void said.push(message))
      return { socket, said }
    },
    /** The answer to a handshake of either kind. */
    handshake: {
      polling: async (headers: Headers = {}) => {
        const response = await fetch(`${at}&transport=polling`, { headers })
        return { status: response.status, cookies: response.headers.getSetCookie(), text: await response.text() }
      },
      websocket: (headers: Headers = {}) => upgraded(`${at}&transport=websocket`, headers),
    },
  }
}

it('a hub in a zone sets a cookie of its own beside that of the app at the root, whose token still counts', async () => {
  const { open, hub, handshake } = await serving({ zone: '/shop' })
  const main = cookieOf('d'.repeat(32), Date.now())
  const { cookies } = await handshake.polling({ cookie: main })
  expect(cookies).toEqual([expect.stringMatching(/^heldstate\.shop=[0-9a-f]{32}\./)])
  const [own = ''] = (cookies[0] ?? '').split(';', 1)
  expect(own).not.toContain('d'.repeat(32)) // the other app's browser is none of ours
  expect((await handshake.polling({ cookie: `${main}; ${own}` })).cookies).toEqual([])
  const token = signToken('a'.repeat(32), 'd'.repeat(32), hub.callers.secrets[0]) // of a page from before the zone
  const { said } = open({ cookie: `${own}; ${main}` }, { ...hello, token })
  await vi.waitFor(() => expect(said[0]?.slice(0, 2)).toEqual(['hi', token]))
})

function upgraded(url: string, headers: Headers) {
  const asked = request(url, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    },
  })
  cleanUp.push(() => asked.destroy())
  return new Promise<{ status: number | undefined; cookies: string[]; text: string }>((resolve, reject) => {
    asked.on('upgrade', ({ statusCode, headers }, socket) => {
      socket.destroy()
      resolve({ status: statusCode, cookies: headers['set-cookie'] ?? [], text: '' })
    })
    asked.on('response', (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode, cookies: response.headers['set-cookie'] ?? [], text }),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

const ended = (socket: Socket) =>
  new Promise<string>((resolve) => {
    socket.on('disconnect', resolve)
    socket.on('connect_error', ({ message }) => resolve(message))
  })
/** The first message of this name, which may still be on its way. */
const told = (said: readonly unknown[][], name: string) =>
  soon(() => {
    const message = said.find(([first]) => first === name)
    if (!message) throw new Error(`no message "${name}" has come`)
    return message
  })
const soon = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 10_000, interval: 5 })

describe.each(['polling', 'websocket'] as const)('a handshake over %s', (kind) => {
  it('sets the cookie of a new browser once, out of reach of scripts and of other sites', async () => {
    const { handshake } = await serving()
    const { cookies } = await handshake[kind]()
    expect(cookies).toHaveLength(1)
    const [name, ...attributes] = (cookies[0] as string).split('; ')
    expect(name).toMatch(/^heldstate=[0-9a-f]{32}\.[0-9a-z]+\.[0-9a-f]{32}$/)
    expect(attributes).toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax', expect.stringMatching(/^Max-Age=\d+$/)])
    expect((await handshake[kind]({ cookie: `other=1; ${name}` })).cookies).toEqual([])
    expect((await handshake[kind]()).cookies[0]).not.toContain(name)
  })

  it('marks the cookie as secure behind https', async () => {
    const { handshake } = await serving()
    for (const protocol of ['https', 'https,http', 'https , http'])
      expect((await handshake[kind]({ 'x-forwarded-proto': protocol })).cookies[0]).toMatch(/; Secure$/)
    for (const protocol of ['http', 'http,https', ''])
      expect((await handshake[kind]({ 'x-forwarded-proto': protocol })).cookies[0]).not.toContain('Secure')
  })

  it.each(['heldstate=x', `heldstate=${browser}0`, `heldstate=${browser.toUpperCase()}`, `not-heldstate=${browser}`])(
    'replaces a cookie that is none of ours: %s',
    async (cookie) => {
      const { handshake } = await serving()
      expect((await handshake[kind]({ cookie })).cookies).toHaveLength(1)
    },
  )

  it.each(['https://evil.example', 'http://127.0.0.1', 'http://127.0.0.1:1', 'null', 'nonsense'])(
    'is refused to a page of another site: %s',
    async (origin) => {
      const { handshake } = await serving()
      const { status, cookies, text } = await handshake[kind]({ origin, cookie: cookieOf(browser) })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(cookies).toEqual([])
      expect(text).toContain('origin-not-allowed')
    },
  )

  it('that is refused for its origin stands in the log of the server, once', async () => {
    const { handshake, host, lines } = await serving()
    for (let times = 0; times < 2; times += 1) await handshake[kind]({ origin: 'https://shop.example' })
    expect(lines).toEqual([expect.stringContaining(`its requests name the host "${host}"`)])
    expect(lines[0]).toContain('set X-Forwarded-Host')
  })

  it('is refused to a page at http: that the one at https: would speak for', async () => {
    const { handshake, host, url } = await serving()
    for (const protocol of ['https', 'https,http'])
      expect((await handshake[kind]({ origin: url, 'x-forwarded-proto': protocol })).text).toContain(
        'origin-not-allowed',
      )
    for (const headers of [
      { origin: `https://${host}`, 'x-forwarded-proto': 'https' },
      { origin: `https://${host}` },
      { origin: url, 'x-forwarded-proto': 'http' },
    ] as Headers[])
      expect((await handshake[kind](headers)).status).toBeLessThan(300)
  })

  it('is open to the origins that the app names', async () => {
    const { handshake } = await serving({ origins: ['https://Shop.example', 'https://b.example:8443/'] })
    for (const origin of ['https://shop.example', 'https://b.example:8443'])
      expect((await handshake[kind]({ origin })).status).toBeLessThan(300)
    for (const origin of ['http://shop.example', 'https://b.example', 'https://shop.example.evil.example'])
      expect((await handshake[kind]({ origin })).text).toContain('origin-not-allowed')
  })

  it('over https gives the cookie a name that no other host can use, and reads no other', async () => {
    const { handshake } = await serving()
    const https = { 'x-forwarded-proto': 'https' }
    const [cookie = ''] = (await handshake[kind](https)).cookies
    expect(cookie).toMatch(/^__Host-heldstate=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/)
    const [pair = ''] = cookie.split(';')
    expect((await handshake[kind]({ ...https, cookie: pair })).cookies).toEqual([])
    expect((await handshake[kind]({ ...https, cookie: pair.replace('__Host-', '') })).cookies).toHaveLength(1)
    expect((await handshake[kind]({ cookie: pair })).cookies).toEqual([])
  })

  it("with sameSite 'none' sets a cookie that frames of other sites keep", async () => {
    const { handshake } = await serving({ sameSite: 'none' })
    const [cookie] = (await handshake[kind]({ 'x-forwarded-proto': 'https' })).cookies
    expect(cookie).toMatch(/; SameSite=None; Partitioned; .*Secure$/)
  })

  it('sets the cookie again after a month, and where an older secret has signed it, for the same browser', async () => {
    const secret = ['new', 'old']
    const { handshake } = await serving({ secret })
    const month = 31 * 24 * 3_600_000
    for (const value of [
      signedBrowser(browser, Date.now() - month, 'new'),
      signedBrowser(browser, Date.now(), 'old'),
    ]) {
      const { cookies } = await handshake[kind]({ cookie: `heldstate=${value}` })
      expect(cookies).toEqual([expect.stringMatching(new RegExp(`^heldstate=${browser}\\.`))])
    }
  })

  it('is open to a page of its own site, also behind a proxy, and to what is no page', async () => {
    const { handshake, url } = await serving()
    for (const headers of [
      { origin: url },
      { origin: 'https://shop.example', 'x-forwarded-host': 'shop.example' },
      {},
    ] as Headers[])
      expect((await handshake[kind](headers)).status).toBeLessThan(300)
  })
})

it('in development a handshake is open at addresses, at localhost and at the hosts that next.config allows, and at no other name', async () => {
  const { handshake, lines } = await serving({}, () => ['mine.test', '*.lan.test', '**'])
  const at = async (name: string, more: Headers = {}) =>
    (await handshake.websocket({ host: `${name}:3000`, origin: `http://${name}:3000`, ...more })).text
  for (const name of [
    'localhost',
    'a.localhost',
    '127.0.0.1',
    '192.168.1.7',
    '[::1]',
    'mine.test',
    'MINE.test',
    'a.lan.test',
  ])
    expect(await at(name)).not.toContain('origin-not-allowed')
  for (const name of [
    'rebound.example',
    'localhost.example',
    'lan.test',
    'a.b.lan.test',
    'mine.test.example',
    '127.0.0.1.example',
  ])
    expect(await at(name)).toContain('origin-not-allowed')
  expect((await handshake.websocket({ host: 'rebound.example:3000' })).text).toContain('origin-not-allowed')
  expect(lines).toEqual([expect.stringContaining('add it to allowedDevOrigins in next.config')])
})

describe('a connection', () => {
  it('that is no websocket stands in the log of the server, once for many', async () => {
    const { open, lines } = await serving()
    for (let times = 0; times < 2; times += 1) {
      const { socket } = open({}, hello, ['polling'])
      await vi.waitFor(() => expect(socket.connected).toBe(true))
    }
    expect(lines).toEqual([expect.stringContaining('A page uses long polling instead of a WebSocket')])
  })

  it('of a foreign page never becomes a session', async () => {
    const { open, hub } = await serving()
    const connect = vi.spyOn(hub, 'connect')
    for (const transport of ['polling', 'websocket'])
      await ended(open({ origin: 'https://evil.example' }, hello, [transport]).socket)
    expect(connect).not.toHaveBeenCalled()
  })

  it('beyond the bound is refused, and let in when another one has gone', async () => {
    const { open, handshake } = await serving({ limits: { connections: 2 } })
    const [first, second] = [open(), open()]
    await told(first.said, 'w')
    await told(second.said, 'w')
    expect((await handshake.polling()).text).toContain('too-many-connections')
    await ended(open().socket)
    first.socket.disconnect()
    const said = await soon(async () => {
      const { socket, said } = open()
      await new Promise<void>((resolve, reject) => {
        socket.on('connect', resolve)
        socket.on('connect_error', reject)
      })
      return said
    })
    await told(said, 'w')
    second.socket.emit('call', 0, 1, 'd', 'add', [1])
    await told(second.said, 'd')
  })

  it('is sent what all pages are sent in words that were written once for all of them', async () => {
    const { hub, open } = await serving()
    const pages = [1, 2, 3].map((n) => open({}, { ...hello, page: `${n}`.repeat(32) }))
    for (const { said } of pages) await told(said, 'w')
    const written = vi.spyOn(JSON, 'stringify')
    hub.nodes.onStoreReachable(false)
    hub.nodes.onStoreReachable(true)
    const texts = written.mock.calls.filter(([value]) => Array.isArray(value) && value[0] === 's')
    written.mockRestore()
    for (const { said } of pages) {
      await soon(async () => expect(said.filter(([name]) => name === 's')).toHaveLength(2))
      expect(said.slice(-2)).toEqual([
        ['s', 1],
        ['s', 0],
      ])
    }
    expect(texts.length).toBeLessThanOrEqual(2)
  })

  it('whose browser sends no cookie learns why it starts over, and the log says what to do', async () => {
    const { open, lines } = await serving()
    const first = open()
    const [, token] = (await told(first.said, 'hi')) as [string, string]
    for (let times = 0; times < 2; times += 1) {
      const again = open({}, { ...hello, token })
      expect(await told(again.said, 'bye')).toEqual([
        'bye',
        'no-cookie',
        expect.stringContaining('no cookie of this app'),
      ])
    }
    expect(lines).toEqual([expect.stringContaining("sameSite: 'none'")])
  })

  it('finds its state also where another host of the site has set a second cookie', async () => {
    const { open } = await serving()
    const first = open({ cookie: cookieOf(browser) })
    const [, token] = (await told(first.said, 'hi')) as [string, string]
    const both = `${cookieOf('cd'.repeat(16))}; ${cookieOf(browser)}`
    const again = open({ cookie: both }, { ...hello, token })
    expect((await told(again.said, 'hi'))[1]).toBe(token)
  })

  it('reaches the state of its token with the cookie that the token is bound to, and with no other', async () => {
    const { open } = await serving()
    const first = open({ cookie: cookieOf(browser) })
    const [, token] = (await told(first.said, 'hi')) as [string, string]
    first.socket.emit('call', 0, 1, 'd', 'add', [5])
    await told(first.said, 'd')
    const thief = open({ cookie: cookieOf('cd'.repeat(16)) }, { ...hello, token })
    const end = ended(thief.socket)
    expect(await told(thief.said, 'bye')).toEqual(['bye', 'invalid-token', expect.any(String)])
    expect(await end).toBe('io server disconnect')
    const again = open({ cookie: cookieOf(browser) }, { ...hello, token })
    expect(await told(again.said, 'w')).toEqual(['w', 0, expect.any(String), 1, [{ n: 5, text: '' }], 1])
    expect(again.said[0]?.[1]).toBe(token)
  })

  it('whose hello is refused is told why, and ended', async () => {
    const { open, lines } = await serving()
    for (const [auth, code] of [
      [{}, 'protocol-version'],
      [{ ...hello, subscriptions: 5 }, 'invalid-message'],
      [{ ...hello, token: 'x' }, 'invalid-token'],
    ] as const) {
      const { socket, said } = open({}, auth)
      expect(await ended(socket)).toBe('io server disconnect')
      expect(said).toEqual([['bye', code, expect.any(String)]])
    }
    expect(lines).toEqual([])
  })

  it('that ends is no watcher of its state any more', async () => {
    const { open, hub } = await serving()
    const { socket, said } = open()
    const [, signed] = (await told(said, 'hi')) as [string, string]
    const { watchers } = hub.instance(signed.slice(0, 32))
    expect(watchers.size).toBe(1)
    socket.disconnect()
    await soon(() => expect(watchers.size).toBe(0))
  })
})

describe('a message', () => {
  const text = 'x'.repeat(900)

  it('past the bound ends the connection of its sender, changes nothing, and disturbs nobody', async () => {
    const { open, hub } = await serving({ limits: { messageBytes: 1000 } })
    const [large, other] = [open({ cookie: cookieOf(browser) }), open()]
    const [, token] = (await told(large.said, 'hi')) as [string, string]
    await told(other.said, 'w')
    large.socket.emit('call', 0, 1, 'd', 'write', [text + text])
    expect(await ended(large.socket)).toMatch(/transport/)
    other.socket.emit('call', 0, 1, 'd', 'add', [1])
    expect(await told(other.said, 'd')).toEqual(['d', [0, 0, 1, [[[0, 'n'], 1]], [[1]]]])
    expect(await hub.modifyState(token.slice(0, 32), d, (s) => s.text)).toBe('')
  })

  it('past the bound is refused over polling too', async () => {
    const { open } = await serving({ limits: { messageBytes: 1000 } })
    const { socket, said } = open({}, hello, ['polling'])
    await told(said, 'w')
    socket.emit('call', 0, 1, 'd', 'write', [text + text])
    expect(await ended(socket)).toMatch(/transport/)
    expect(said.map(([name]) => name)).toEqual(['hi', 'w'])
  })

  it('within the bound is handled', async () => {
    const { open } = await serving({ limits: { messageBytes: 1000 } })
    const { socket, said } = open()
    await told(said, 'w')
    socket.emit('call', 0, 1, 'd', 'write', [text])
    expect(await told(said, 'd')).toEqual(['d', [0, 0, 1, [[[0, 'text'], text]], [[1]]]])
  })

  it('with bytes in it, or that asks Socket.IO for an answer, is malformed like any other', async () => {
    const { open } = await serving()
    const { socket, said } = open()
    await told(said, 'w')
    socket.emit('call', 0, 1, 'd', 'write', new Uint8Array([1]))
    socket.emit('call', 0, 2, 'd', 'write', () => {})
    socket.emit('shout', new Uint8Array([1]))
    await told(said, 'f')
    expect(said.flatMap(endsIn)).toEqual([1, 2].map((id) => [id, 'invalid-message', expect.any(String)]))
    socket.emit('call', 0, 3, 'd', 'add', [1])
    await soon(() => expect(said.at(-1)).toEqual(['d', [0, 0, 1, [[[0, 'n'], 1]], [[3]]]]))
  })
})

it('closing ends all connections, after which the http server can close', async () => {
  const { open, transport, server } = await serving()
  const tabs = [open(), open({}, hello, ['polling'])]
  for (const { said } of tabs) await told(said, 'w')
  const ends = tabs.map(({ socket }) => ended(socket))
  await transport.close()
  await Promise.all(ends)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
})
