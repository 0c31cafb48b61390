import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { edgeLimits, processLimits } from '../../base/server-limits.js'
import { HubRuntime } from '../../hub/hub.js'
import { TestClock } from '../../testing/clock.js'
import { attachSocketIo } from '../../transport/socketio.js'
import { openGate } from './next-server-gate.js'

let server: Server
let theirs: string[]

beforeEach(async () => {
  theirs = []
  server = createServer((request, response) => {
    theirs.push(request.url ?? '')
    response.end('theirs')
  })
  server.on('upgrade', ({ url }, socket) => {
    theirs.push(url ?? '')
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(() => {
  if (server.listening) server.close()
  server.closeAllConnections()
})

const port = () => (server.address() as AddressInfo).port

const ask = (path: string) => fetch(`http://127.0.0.1:${port()}${path}`).then((response) => response.text())

/** What is answered to a request for a websocket. */
const upgrade = (path: string, connection = 'Connection: Upgrade\r\nUpgrade: websocket\r\n') =>
  new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(port(), '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${connection}\r\n`),
    )
    socket.on('data', (data) => {
      text += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })

test('requests and upgrades below our path reach us alone, and all others the server alone', async () => {
  const ours: string[] = []
  openGate(server, '/_held', async () => {})
    .on('request', ({ url }, response) => {
      ours.push(url ?? '')
      response.end('ours')
    })
    .on('upgrade', ({ url }, socket) => {
      ours.push(url ?? '')
      socket.end('ours')
    })
  expect(await Promise.all(['/_held/?a', '/_held', '/_heldout', '/'].map(ask))).toEqual([
    'ours',
    'ours',
    'theirs',
    'theirs',
  ])
  expect(await Promise.all(['/_held/?a', '/_held', '/hmr'].map((path) => upgrade(path)))).toEqual(['ours', 'ours', ''])
  expect(ours.sort()).toEqual(['/_held', '/_held', '/_held/?a', '/_held/?a'])
  expect(theirs.sort()).toEqual(['/', '/_heldout', '/hmr'])
})

test('with the hub behind the gate, every request and upgrade of ours is answered and its socket closed', async () => {
  const hub = new HubRuntime({ log: { info: () => {}, warn: () => {}, error: () => {} } })
  const transport = attachSocketIo(
    hub,
    openGate(server, '/_held', async () => {}),
    { path: '/_held' },
  )
  for (const path of ['/_held', '/_held?EIO=4&transport=websocket', '/_held/x', '/_held/../x', 'http://a/_held']) {
    expect([path, await upgrade(path)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 404 /)])
    expect([path, await upgrade(path, '')]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 404 /)])
  }
  expect(await upgrade('/_held/?EIO=4&transport=websocket')).toMatch(/^HTTP\/1.1 426 |^HTTP\/1.1 400 /)
  expect(theirs).toEqual([])
  await transport.close()
  await hub.close()
})

test('an upgrade that the server leaves unanswered is ended in its time, and one that it answers is not', async () => {
  const clock = new TestClock()
  server.removeAllListeners('upgrade')
  const arrived: string[] = []
  server.on('upgrade', ({ url }, socket) => {
    arrived.push(url ?? '')
    if (url === '/hmr') socket.write('HTTP/1.1 101 Switching\r\n\r\n')
  })
  openGate(server, '/_held', async () => {}, clock)
  const over: string[] = []
  for (const path of ['/hmr', '//_held/', '/%5Fheld/', '/x']) void upgrade(path).then(() => over.push(path))
  await vi.waitFor(() => expect(arrived).toHaveLength(4))
  await clock.advance(processLimits.upgradeAnswerMs)
  await vi.waitFor(() => expect(over.sort()).toEqual(['/%5Fheld/', '//_held/', '/x']))
})

test('of upgrades that the server leaves unanswered, the oldest end when they are too many', async () => {
  server.removeAllListeners('upgrade')
  let arrived = 0
  server.on('upgrade', () => void (arrived += 1))
  openGate(server, '/_held', async () => {}, new TestClock())
  let over = 0
  const count = edgeLimits.unansweredUpgrades + 20
  for (let n = 0; n < count; n += 1) void upgrade('/x').then(() => (over += 1))
  await vi.waitFor(() => expect([arrived, over]).toEqual([count, 20]))
})

test('a server that closes takes no more connections at once, and is closed when we are', async () => {
  let end = () => {}
  const closing = vi.fn(() => new Promise<void>((resolve) => (end = resolve)))
  openGate(server, '/_held', closing)
  const closed = vi.fn()
  server.close(closed)
  expect(closing).toHaveBeenCalledOnce()
  expect(server.listening).toBe(false)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(closed).not.toHaveBeenCalled()
  end()
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
})
