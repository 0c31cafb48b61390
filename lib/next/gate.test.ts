import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openGate } from './gate.js'

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
const upgrade = (path: string) =>
  new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(port(), '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
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
  expect(await Promise.all(['/_held/?a', '/hmr'].map(upgrade))).toEqual(['ours', ''])
  expect(ours.sort()).toEqual(['/_held', '/_held/?a', '/_held/?a'])
  expect(theirs.sort()).toEqual(['/', '/_heldout', '/hmr'])
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
