import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { io } from 'socket.io-client'
import { expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { cookieOf, listening } from './server.fixture.js'

/** A collection takes long on a busy machine. */
const patient = { timeout: 15_000 }

const d = defineState('d', () => ({ n: 0 }))
const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }

it.each([
  ['has opened a connection', ['websocket']],
  ['has taken over from polling', ['polling', 'websocket']],
])(
  'keeps nothing of the request for a websocket that %s',
  async (_, transports) => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { server, url, hub, close } = await listening([d])
    const requests: WeakRef<object>[] = []
    server.prependListener('upgrade', (request) => void requests.push(new WeakRef(request)))
    const socket = io(url, {
      path: socketPath,
      transports,
      forceNew: true,
      auth: hello,
      extraHeaders: { cookie: cookieOf('b'.repeat(32)) },
    })
    await new Promise<void>((resolve) => socket.once('hi', () => resolve()))
    await vi.waitFor(() => expect(requests).toHaveLength(1), patient)
    await vi.waitFor(() => {
      collect()
      expect(requests.map((request) => request.deref())).toEqual([undefined])
    }, patient)
    expect(hub.sessions.size).toBe(1)
    socket.disconnect()
    await vi.waitFor(() => expect(hub.sessions.size).toBe(0), patient)
    await close()
  },
  40_000,
)
