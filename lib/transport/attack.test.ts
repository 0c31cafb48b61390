import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { crowdLimits } from '../base/crowd-limits.js'
import type { Limits } from '../base/limits.js'
import { defaultLimits } from '../base/limits.js'
import { edgeLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import type { HubOptions } from '../doors/server.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { TestClock } from '../testing/clock.js'
import { get, post, type Raw, rawRequest, upgrade } from './raw.fixture.js'
import { listening } from './server.fixture.js'

const d = defineState('d', () => ({ n: 0 }))
const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
const connect = `40${JSON.stringify(hello)}`
const polling = `${socketPath}/?EIO=4&transport=polling`
const websocket = `${socketPath}/?EIO=4&transport=websocket`

let cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
})

const soon = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 8_000, interval: 5 })

async function attacked(limits: Partial<Limits> = {}, options: HubOptions = {}) {
  const clock = new TestClock()
  const served = await listening([d], { clock, limits, ...options })
  cleanUp.push(served.close)
  const { port } = served.server.address() as AddressInfo
  const open = (lines: string, from?: string): Raw => {
    const raw = rawRequest(port, lines, from)
    cleanUp.push(() => raw.socket.destroy())
    return raw
  }
  const ask = async (lines: string, from?: string) => {
    const raw = open(lines, from)
    await soon(() => expect(raw.text()).toMatch(/\r\n\r\n.*/s))
    if (/^HTTP\/1.1 (?!101)/.test(raw.text())) await soon(() => expect(raw.text()).toMatch(bodyComplete))
    raw.socket.destroy()
    return raw.text()
  }
  const begin = async () => /"sid":"([^"]+)"/.exec(await ask(get(polling, { Connection: 'close' })))?.[1] ?? ''
  const sessions = () => served.hub.sessions.size
  return { ...served, clock, open, ask, begin, sessions }
}

const bodyComplete = /\r\n\r\n[\s\S]*[}k]/

/** A frame of a client, masked by zeros. */
function frame(text: string): Buffer {
  const data = Buffer.from(text)
  const head = data.length < 126 ? [0x81, 0x80 | data.length] : [0x81, 0xfe, data.length >> 8, data.length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), data])
}

describe('a target', () => {
  const nobodys = [socketPath, `${socketPath}?x`, `${socketPath}/x`, `${socketPath}/../x`, `http://a${socketPath}`]
  const others = [`${socketPath}foo`, `/${socketPath}`, `/%5Fheldstate/`, '/']

  it.each([...nobodys, ...others])('%s that nobody answers gets 404, and its socket is closed', async (target) => {
    const { open } = await attacked()
    expect(await open(upgrade(target)).closed).toMatch(/^HTTP\/1.1 404 /)
    expect(await open(get(target)).closed).toMatch(/^HTTP\/1.1 404 /)
  })

  it('in the absolute form reaches the engine, however odd its host', async () => {
    const { ask } = await attacked()
    expect(await ask(get(`http://[bad${polling}`))).toContain('"sid"')
    expect(await ask(upgrade(`http://a${websocket}`))).toMatch(/^HTTP\/1.1 101 /)
  })

  it('of another method, or of a transport that does not fit, is refused and closed', async () => {
    const { open } = await attacked()
    for (const [lines, status] of [
      [get(polling).replace('GET', 'DELETE'), 405],
      [upgrade(websocket, { 'Content-Length': '10' }), 400],
      [upgrade(polling), 400],
      [upgrade(websocket.replace('EIO=4', 'EIO=3')), 400],
      [upgrade(`${websocket}&sid=unknown`), 400],
      [post(polling, ''), 400],
      [post(`${polling}&sid=unknown`, 'x', 1_000), 400],
    ] as const)
      expect(await open(lines).closed).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })
})

describe('a page of another site', () => {
  it.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'no-cors' },
    { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://a' },
    { Origin: 'https://evil.example' },
  ] as Record<string, string>[])('with %o gets no connection, at no step', async (headers) => {
    const { ask, begin } = await attacked()
    const sid = await begin()
    expect(await ask(get(polling, headers))).toMatch(/^HTTP\/1.1 403 [\s\S]*origin-not-allowed/)
    expect(await ask(get(`${polling}&sid=${sid}`, headers))).toMatch(/^HTTP\/1.1 403 /)
    if (headers.Origin !== 'http://a') expect(await ask(upgrade(websocket, headers))).toMatch(/^HTTP\/1.1 403 /)
  })

  it('is told from a page of this one', async () => {
    const { ask } = await attacked()
    const own = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' }
    expect(await ask(get(polling, own))).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask(get(polling, { ...own, Origin: 'http://a' }))).toMatch(/^HTTP\/1.1 200 /)
    const socket = { Origin: 'http://a', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'websocket' }
    expect(await ask(upgrade(websocket, socket))).toMatch(/^HTTP\/1.1 101 /)
  })

  it('stands in the log once, however often it asks', async () => {
    const { ask, lines } = await attacked()
    for (let times = 0; times < 5; times += 1) await ask(get(polling, { 'Sec-Fetch-Site': 'cross-site' }))
    expect(lines).toEqual([expect.stringContaining('A connection from another site was rejected')])
  })
})

describe('requests', () => {
  it('that come in one write behind one without its answer end their socket', async () => {
    const { open, hub } = await attacked()
    const admit = vi.spyOn(hub, 'connect')
    await open(Array.from({ length: 500 }, () => get(polling, { Connection: 'keep-alive' })).join('')).closed
    const { ask } = await attacked()
    expect(await ask(get(polling))).toContain('"sid"')
    expect(admit).not.toHaveBeenCalled()
  })

  it('that follow one another over a socket are all answered', async () => {
    const { open } = await attacked()
    const raw = open(get(polling, { Connection: 'keep-alive' }))
    for (let count = 1; count <= 3; count += 1) {
      await soon(() => expect(raw.text().match(/"sid"/g)).toHaveLength(count))
      raw.socket.write(get(polling, { Connection: 'keep-alive' }))
    }
  })
})

describe('a websocket', () => {
  it('hands on a few messages of a large read in a turn of the event loop, so that others have theirs', async () => {
    const { open, hub } = await attacked()
    const flood = open(upgrade(websocket))
    await soon(() => expect(flood.text()).toContain('"sid"'))
    flood.socket.write(frame(connect))
    await soon(() => expect([...hub.sessions].filter(({ phase }) => phase === 'open')).toHaveLength(1))
    const [session] = hub.sessions
    if (!session) throw new Error('no session')
    const turns: number[] = []
    let now = 0
    const receive = vi.spyOn(session, 'receive').mockImplementation(() => void turns.push(now))
    const tick = () => {
      now += 1
      if (receive.mock.calls.length < 200) setImmediate(tick)
    }
    tick()
    flood.socket.write(Buffer.concat(Array.from({ length: 200 }, () => frame('42["resync"]'))))
    await soon(() => expect(turns).toHaveLength(200))
    const most = Math.max(...turns.map((turn) => turns.filter((other) => other === turn).length))
    expect(most).toBeLessThanOrEqual(crowdLimits.messagesAtOnce + 1)
  })
})

describe('handshakes of one address', () => {
  const limits = { handshakesPerSecond: 2, handshakeBurst: 5 }

  it('beyond its bound are told when to come again, over polling and websocket, and others are not', async () => {
    const { ask, open, clock, lines } = await attacked(limits)
    for (let n = 0; n < 5; n += 1) expect(await ask(get(polling), '127.0.0.2')).toMatch(/^HTTP\/1.1 200 /)
    for (const lines of [get(polling), upgrade(websocket)]) {
      const answer = await open(lines, '127.0.0.2').closed
      expect(answer).toMatch(/^HTTP\/1.1 429 /)
      expect(answer).toMatch(/\r\nretry-after: 1\r\n/i)
      expect(answer).toContain('"code":"too-many-handshakes"')
    }
    expect(await ask(get(polling))).toMatch(/^HTTP\/1.1 200 /)
    await clock.advance(1_000)
    expect(await ask(get(polling), '127.0.0.2')).toMatch(/^HTTP\/1.1 200 /)
    expect(lines).toEqual([expect.stringMatching(/^"127\.0\.0\.2" connects faster/)])
  })

  it('are counted by the address that the app knows', async () => {
    const addressOf = ({ headers }: { headers: Record<string, unknown> }) => headers['x-real-ip'] as string
    const { ask } = await attacked(limits, { addressOf } as HubOptions)
    for (let n = 0; n < 5; n += 1) await ask(get(polling, { 'X-Real-IP': `2001:db8::${n}` }))
    expect(await ask(get(polling, { 'X-Real-IP': '2001:db8::9' }))).toMatch(/^HTTP\/1.1 429 /)
    expect(await ask(get(polling, { 'X-Real-IP': '2001:db8:0:1::9' }))).toMatch(/^HTTP\/1.1 200 /)
  })

  it('are not counted behind a proxy that the app has not named, which the log says once', async () => {
    const { ask, lines } = await attacked(limits)
    for (let n = 0; n < 8; n += 1)
      expect(await ask(get(polling, { 'X-Forwarded-For': '203.0.113.7' }))).toMatch(/^HTTP\/1.1 200 /)
    expect(lines).toEqual([expect.stringContaining('addressOf')])
  })

  it('reach the hub with their address', async () => {
    const { hub, open } = await attacked()
    const connected = vi.spyOn(hub, 'connect')
    const { socket, text } = open(upgrade(websocket), '127.0.0.2')
    await soon(() => expect(text()).toContain('"sid"'))
    socket.write(frame(connect))
    await soon(() => expect(connected).toHaveBeenCalledOnce())
    expect(connected.mock.calls[0]?.[0].address).toBe('127.0.0.2')
  })
})

describe('places', () => {
  it('are counted before there is a session', async () => {
    const { open } = await attacked({ connections: 9 })
    const all = Array.from({ length: 30 }, () => open(get(polling)))
    const texts = () => all.map(({ text }) => text())
    await soon(() => expect(texts().every((text) => text.includes('HTTP/1.1'))).toBe(true))
    expect(texts().filter((text) => text.startsWith('HTTP/1.1 200'))).toHaveLength(9)
    expect(texts().filter((text) => text.includes('too-many-connections'))).toHaveLength(21)
  })

  it('are kept for browsers whose signed cookie is older than a minute', async () => {
    const { ask, clock } = await attacked({ connections: 20 })
    const cookieOf = async () => /set-cookie: (heldstate=[^;]+)/i.exec(await ask(get(polling)))?.[1] as string
    const old = await cookieOf()
    await clock.advance(edgeLimits.knownBrowserMs + 1)
    const fresh = await cookieOf()
    for (let n = 0; n < 40; n += 1) await ask(get(polling), '127.0.0.2')
    const unsigned = `heldstate=${'ab'.repeat(16)}`
    for (const cookie of [fresh, unsigned, old.replace(/\.[^.]+$/, `.${'0'.repeat(32)}`)])
      expect(await ask(get(polling, { Cookie: cookie }))).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after/i)
    expect(await ask(get(polling, { Cookie: old }))).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask(upgrade(websocket, { Cookie: old }))).toMatch(/^HTTP\/1.1 101 /)
  })

  it('are given back when a connection ends, and not before its socket has', async () => {
    const { open, ask, clock } = await attacked({ connections: 1 })
    const first = open(upgrade(websocket))
    await soon(() => expect(first.text()).toMatch(/^HTTP\/1.1 101 /))
    first.socket.removeAllListeners('end') // a peer that leaves the close of the server unanswered
    first.socket.write(frame('nonsense'))
    await clock.advance(100)
    expect(await ask(get(polling))).toMatch(/^HTTP\/1.1 503 /)
    await clock.advance(edgeLimits.socketCloseMs)
    await soon(async () => expect(await ask(get(polling))).toMatch(/^HTTP\/1.1 200 /))
  })

  it('are given back by handshakes that come to nothing', async () => {
    const { ask, open, server, clock } = await attacked({ connections: 1 })
    expect(await ask(upgrade(websocket, { 'Sec-WebSocket-Key': 'x' }))).toMatch(/^HTTP\/1.1 400 /)
    expect(await ask(upgrade(websocket, { 'Sec-WebSocket-Version': '1' }))).toMatch(/^HTTP\/1.1 4/)
    for (const lines of [get(polling), upgrade(websocket)]) {
      const arrived = new Promise((resolve) => server.once('connection', (socket) => socket.once('data', resolve)))
      const { socket } = open(lines)
      await arrived
      socket.resetAndDestroy()
      await soon(async () => {
        await clock.advance(defaultLimits.helloMs + edgeLimits.socketCloseMs)
        expect(await ask(get(polling))).toMatch(/^HTTP\/1.1 200 /)
      })
      await clock.advance(defaultLimits.helloMs)
    }
  })

  it('a cookie without a signature is replaced, and names nobody', async () => {
    const { ask } = await attacked()
    const browser = 'ab'.repeat(16)
    const answer = await ask(get(polling, { Cookie: `heldstate=${browser}` }))
    expect(answer).toMatch(/set-cookie: heldstate=[0-9a-f]{32}\.[0-9a-z]+\.[0-9a-f]{32};/i)
    expect(answer).not.toContain(browser)
  })
})

describe('a connection', () => {
  it('that sends no hello in its time is closed, over polling and websocket', async () => {
    const { open, begin, clock, ask, lines } = await attacked()
    const sid = await begin()
    const poll = open(get(`${polling}&sid=${sid}`))
    const idle = open(upgrade(websocket))
    await soon(() => expect(idle.text()).toContain('"sid"'))
    await clock.advance(defaultLimits.helloMs + edgeLimits.socketCloseMs)
    await idle.closed
    await soon(() => expect(poll.text()).toMatch(/\r\n\r\n1$/)) // the packet that closes
    expect(await ask(get(`${polling}&sid=${sid}`))).toContain('Session ID unknown')
    expect(lines).toEqual([expect.stringMatching(/^A connection from "127\.0\.0\.1" sent no hello in time/)])
  })

  it('gets one session, however many hellos one request carries', async () => {
    const { ask, begin, sessions, hub } = await attacked()
    const connected = vi.spyOn(hub, 'connect')
    const sid = await begin()
    await ask(post(`${polling}&sid=${sid}`, Array(100).fill(connect).join('\x1e')))
    expect(connected.mock.calls.length).toBeLessThanOrEqual(1)
    expect(await ask(get(`${polling}&sid=${sid}`))).toContain('Session ID unknown')
    expect(sessions()).toBe(0)
  })

  it('ends with a hello that is longer than a page has, before it is parsed', async () => {
    const { ask, begin, hub, lines } = await attacked()
    const connected = vi.spyOn(hub, 'connect')
    const parsed = vi.spyOn(JSON, 'parse')
    const sid = await begin()
    await ask(post(`${polling}&sid=${sid}`, `40${JSON.stringify({ ...hello, token: 'x'.repeat(200_000) })}`))
    expect(connected).not.toHaveBeenCalled()
    expect(parsed.mock.calls.filter(([text]) => text.length > 100_000)).toEqual([])
    expect(await ask(get(`${polling}&sid=${sid}`))).toContain('Session ID unknown')
    expect(lines).toEqual([expect.stringContaining('sent an oversized hello')])
    parsed.mockRestore()
  })

  it.each([
    ['a second hello', [connect, connect]],
    ['a second hello after it left', [connect, '41', connect]],
    ['a hello to another namespace', ['40/x,{}']],
    ['a hello to many namespaces', [connect, ...Array.from({ length: 50 }, (_, n) => `40/${n},{}`)]],
  ])('ends with %s', async (_, packets) => {
    const { open, sessions, hub } = await attacked()
    const connected = vi.spyOn(hub, 'connect')
    const { socket, text, closed } = open(upgrade(websocket))
    await soon(() => expect(text()).toContain('"sid"'))
    for (const packet of packets) {
      socket.write(frame(packet))
      await turn()
    }
    await soon(() => expect(text()).toMatch(/\x88/)) // the close of the websocket
    socket.end()
    await closed
    expect(connected.mock.calls.length).toBeLessThanOrEqual(1)
    await soon(() => expect(sessions()).toBe(0))
  })

  it.each([
    ['pongs of the engine', frame('3')],
    ['answers to no question', frame('43[]')],
    ['pings of the websocket', Buffer.from([0x89, 0x80, 0, 0, 0, 0])],
    ['pongs of the websocket', Buffer.from([0x8a, 0x80, 0, 0, 0, 0])],
    ['fragments of nothing', Buffer.from([0x00, 0x80, 0, 0, 0, 0])],
  ])('ends with a flood of %s, and its socket at once', async (_, packet) => {
    const { open } = await attacked()
    const { socket, text, over } = open(upgrade(websocket))
    await soon(() => expect(text()).toContain('"sid"'))
    socket.write(frame(connect))
    await soon(() => expect(text()).toContain('"w"'))
    for (let n = 0; n < crowdLimits.signsBurst; n += 1) if (packet[0] !== 0) socket.write(packet)
    await turn()
    expect(over()).toBe(false)
    if (packet[0] === 0) socket.write(Buffer.from([0x01, 0x80, 0, 0, 0, 0]))
    socket.write(Buffer.concat(Array.from({ length: crowdLimits.messageFrames }, () => packet)))
    await soon(() => expect(over()).toBe(true))
  })

  it('lasts with one hello, and with its namespace spelled out', async () => {
    const { open, sessions } = await attacked()
    for (const packet of [connect, connect.replace('40', '40/,')]) {
      const { socket, text } = open(upgrade(websocket))
      await soon(() => expect(text()).toContain('"sid"'))
      socket.write(frame(packet))
    }
    await soon(() => expect(sessions()).toBe(2))
  })

  it('ends with a request of more packets than a page sends', async () => {
    const { open, ask, begin, lines } = await attacked({ packetsPerPost: 10 })
    const [good, bad] = [await begin(), await begin()]
    expect(await ask(post(`${polling}&sid=${good}`, Array(10).fill('3').join('\x1e')))).toMatch(/ok$/)
    expect(await open(post(`${polling}&sid=${good}`, '', 2_000_000)).closed).toMatch(/^HTTP\/1.1 413 /)
    await open(post(`${polling}&sid=${bad}`, Array(11).fill('3').join('\x1e'))).closed
    expect(await ask(get(`${polling}&sid=${bad}`))).toContain('Session ID unknown')
    expect(lines.filter((line) => line.includes('packetsPerPost'))).toHaveLength(1)
  })

  it('ends with a body that trickles in, byte by byte, past its time', async () => {
    const { open, begin, clock, ask } = await attacked({ helloMs: 1_000_000 })
    const sid = await begin()
    const { socket, over } = open(post(`${polling}&sid=${sid}`, 'x', 1_000))
    const unread = [
      open(get(polling, { 'Content-Length': '10' })),
      open(get(polling, { 'Transfer-Encoding': 'chunked' })),
    ]
    await soon(() => expect(unread.map(({ text }) => text())).not.toContain(''))
    for (let ms = 0; ms < defaultLimits.bodyMs; ms += 1_000) {
      socket.write('x')
      await turn()
      expect(over()).toBe(false)
      await clock.advance(1_000)
    }
    await soon(() => expect([over(), ...unread.map((raw) => raw.over())]).not.toContain(false))
    expect(await ask(get(`${polling}&sid=${sid}`))).toContain('Session ID unknown')
  })

  it('moves from polling to one websocket, and what asks besides is refused', async () => {
    const { open, ask, begin } = await attacked()
    const sid = await begin()
    const first = open(upgrade(`${websocket}&sid=${sid}`))
    await soon(() => expect(first.text()).toMatch(/^HTTP\/1.1 101 /))
    for (let n = 0; n < 3; n += 1) expect(await ask(upgrade(`${websocket}&sid=${sid}`))).toMatch(/^HTTP\/1.1 400 /)
    first.socket.write(frame('2probe'))
    await soon(() => expect(first.text()).toContain('3probe'))
    first.socket.write(frame('5'))
    await turn()
    expect(await ask(upgrade(`${websocket}&sid=${sid}`))).toMatch(/^HTTP\/1.1 400 /)
  })
})

it('what comes after the transport has closed is refused', async () => {
  const { ask, transport } = await attacked()
  await transport.close()
  expect(await ask(get(polling))).toMatch(/^HTTP\/1.1 503 [\s\S]*hub-closed/)
  expect(await ask(upgrade(websocket))).toMatch(/^HTTP\/1.1 503 /)
})
