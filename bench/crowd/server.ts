/** The server of the crowd, a process of its own: `held` is a hub, `bare` is Socket.IO, which sends each socket a counter. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { attachSocketIo } from '../../lib/dist/transport/socketio.js'
import { answering } from '../child.js'
import { profiling } from '../profile.js'
import { bench, benchSecret, type Side } from '../socketio/definitions.js'

process.setSourceMapsEnabled(false) // which tsx needs; each connection that is cut makes an error, and mapping its stack takes as long as all else

const [, , side] = process.argv as unknown as [string, string, Side]

/** Ready for that many tabs, which all come from one address. */
const many = 1_000_000

const server = createServer()
let connected = () => 0
if (side === 'held') {
  const limits = {
    connections: many,
    handshakesPerSecond: many,
    handshakeBurst: many,
    newTabsPerSecond: many,
    newTabsBurst: many,
  }
  const hub = new HubRuntime({ secret: benchSecret, limits })
  hub.registry.add(bench)
  attachSocketIo(hub, server, { path: socketPath })
  connected = () => hub.sessions.size
} else {
  const io = new Server(server, { serveClient: false, perMessageDeflate: false })
  io.on('connection', (socket) => socket.emit('w', 0, [{ counter: 0, text: '' }]))
  connected = () => io.sockets.sockets.size
}

/** Of the thread: milliseconds that it ran, and that it was ready but other processes had the processor. Linux counts them. */
function thread(): { ranMs: number; waitedMs: number } {
  try {
    const [ran, waited] = readFileSync('/proc/self/schedstat', 'utf8').split(' ')
    return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 }
  } catch {
    return { ranMs: Number.NaN, waitedMs: Number.NaN }
  }
}

/** The longest time between two turns of a timer. */
export interface Stop {
  readonly stopMs: number
  /** The part of it in which other processes had the processor. */
  readonly waitedMs: number
  readonly ranMs: number
  /** Tabs that are connected at its end and were not at its beginning; below 0, those that were. */
  readonly came: number
}

const tickMs = 2
const none: Stop = { stopMs: 0, waitedMs: 0, ranMs: 0, came: 0 }
let longest = none
const now = () => ({ at: performance.now(), connected: connected(), ...thread() })
let before = now()
setInterval(() => {
  const after = now()
  const stopMs = after.at - before.at - tickMs
  if (stopMs > longest.stopMs)
    longest = {
      stopMs,
      waitedMs: after.waitedMs - before.waitedMs,
      ranMs: after.ranMs - before.ranMs,
      came: after.connected - before.connected,
    }
  before = after
}, tickMs)

answering({
  ...profiling,
  port: async () => {
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve))
    return (server.address() as AddressInfo).port
  },
  connected: () => connected(),
  collect: () => global.gc?.(),
  memory: () => process.memoryUsage().rss,
  /** The longest since it was asked last. */
  stop: () => {
    const stop = longest
    longest = none
    return stop
  },
})
