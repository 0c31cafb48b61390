import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { processLimits } from '../../base/server-limits.js'
import { TestClock } from '../../testing/clock.js'
import { OpenSockets } from './open-sockets.js'
import { EarlyRequests } from './startup-queue.js'
import { forwardUpgrades } from './upgrades.js'

let server: Server
let port: number

beforeEach(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterEach(() => {
  server.close()
  server.closeAllConnections()
})

/** Resolves when so many requests and upgrades have reached the server. Listens, so that Node takes upgrades for such. */
function arrived(count: number): Promise<void> {
  return new Promise((resolve) => {
    let arrivals = 0
    const note = () => {
      arrivals += 1
      if (arrivals === count) resolve()
    }
    server.on('request', note).on('upgrade', note)
  })
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5_000 })

/** A socket that asks for a websocket, with what came back and whether it is over. */
function upgrade(path: string) {
  const seen = { text: '', over: false }
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
  )
  socket.on('data', (data) => {
    seen.text += data
  })
  socket.on('close', () => {
    seen.over = true
  })
  socket.on('error', () => {})
  return { seen, socket }
}

test('requests and upgrades that come early are answered when the app is ready', async () => {
  const early = new EarlyRequests(server)
  const here = arrived(2)
  const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  const { seen } = upgrade('/socket')
  await here
  early.stop()
  server.on('request', (_, response) => response.end('ready'))
  server.on('upgrade', (_, socket) => socket.end('upgraded'))
  early.admit()
  expect(await answer).toBe('ready')
  await eventually(() => expect(seen.text).toBe('upgraded'))
})

test('of requests and upgrades that come early, as many wait as may; further ones are refused at once', async () => {
  const early = new EarlyRequests(server)
  const { earlyRequests } = processLimits
  const waiting = Array.from({ length: earlyRequests }, () => ({}))
  for (const _ of waiting) server.emit('request', {}, {})
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  const { seen } = upgrade('/socket')
  await eventually(() => expect(seen.over).toBe(true))
  early.stop()
  let admitted = 0
  server.on('request', () => {
    admitted += 1
  })
  early.admit()
  expect(admitted).toBe(earlyRequests)
})

test('upgrades of ours do not reach Next, and others do', async () => {
  const nextServer = createServer()
  const forwarded: (string | undefined)[] = []
  nextServer.on('upgrade', ({ url }, socket) => {
    forwarded.push(url)
    socket.end()
  })
  forwardUpgrades(server, nextServer, '/_held', new TestClock())
  const paths = ['/_held', '/_held/', '/_held/?a', '/_held?a', '/_heldout', '/_next/hmr']
  const here = arrived(paths.length)
  const sockets = paths.map((path) => upgrade(path).socket)
  await here
  expect(forwarded.sort()).toEqual(['/_heldout', '/_next/hmr'])
  for (const socket of sockets) socket.destroy()
})

test('an upgrade that nobody listens for, or nobody answers, is ended', async () => {
  const clock = new TestClock()
  const nextServer = createServer()
  forwardUpgrades(server, nextServer, '/_held', clock)
  const unheard = upgrade('/a').seen
  await eventually(() => expect(unheard.over).toBe(true))

  nextServer.on('upgrade', ({ url }, socket) => url === '/answered' && socket.write('HTTP/1.1 101 Switching\r\n\r\n'))
  const here = arrived(2)
  const unanswered = upgrade('/b').seen
  const { seen: answered, socket } = upgrade('/answered')
  await here
  expect(unanswered.over).toBe(false)
  await clock.advance(10_000)
  await eventually(() => expect(unanswered.over).toBe(true))
  expect(answered).toEqual({ text: 'HTTP/1.1 101 Switching\r\n\r\n', over: false })
  socket.destroy()
})

test('a reset by the peer while an upgrade waits harms nobody', async () => {
  new OpenSockets(server)
  new EarlyRequests(server)
  const waiting = new Promise<Duplex>((resolve) => server.on('upgrade', (_, peer) => resolve(peer)))
  const { socket } = upgrade('/socket')
  const peer = await waiting
  socket.resetAndDestroy()
  await eventually(() => expect(peer.destroyed).toBe(true))
})

test('sockets end at once, those with an answer under way after it', async () => {
  const sockets = new OpenSockets(server)
  let finish = () => {}
  server.on('upgrade', () => {})
  server.on('request', (_, response) => {
    finish = () => response.end('whole')
  })
  const here = arrived(2)
  const { seen } = upgrade('/socket')
  const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  await here
  const ended = sockets.close(2_000, new TestClock())
  await eventually(() => expect(seen.over).toBe(true))
  finish()
  expect(await answer).toBe('whole')
  await ended
})

test('an answer that does not end is cut after its time', async () => {
  const sockets = new OpenSockets(server)
  const clock = new TestClock()
  server.on('request', (_, response) => response.write('a part'))
  const here = arrived(1)
  const cut = expect(fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())).rejects.toThrow()
  await here
  const ended = sockets.close(2_000, clock)
  await clock.advance(2_000)
  await ended
  await cut
})
