import { io } from 'socket.io-client'
import { expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { cookieOf, listening } from './server.fixture.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({
  waits: background({ onDisconnect: { grace: '300ms' } }, async ({ sleep }) => sleep(1_000_000)),
}))

it('a page that comes back while its old connection is half open keeps its task', async () => {
  const { hub, url, close } = await listening([d])
  const cookie = cookieOf('ab'.repeat(16))
  const open = (auth: object) => {
    const socket = io(url, {
      path: socketPath,
      transports: ['websocket'],
      auth,
      extraHeaders: { cookie },
      forceNew: true,
      reconnection: false,
    })
    const said: unknown[][] = []
    socket.onAny((...message) => void said.push(message))
    return { socket, said }
  }
  const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
  const first = open(hello)
  await vi.waitFor(() => expect(first.said[0]?.[0]).toBe('hi'))
  const [, token] = first.said[0] as [string, string]
  first.socket.emit('call', 0, 1, 'd', 'waits', [])
  await vi.waitFor(() => expect(hub.backgroundTasks.size).toBe(1))
  const second = open({ ...hello, token, lastSeq: 1 }) // the same page; its first connection still stands
  await vi.waitFor(() => expect(second.said.length).toBeGreaterThan(0))
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(second.socket.connected).toBe(true)
  const left = hub.backgroundTasks.size
  for (const { socket } of [first, second]) socket.disconnect()
  await close()
  expect(left).toBe(1)
})
