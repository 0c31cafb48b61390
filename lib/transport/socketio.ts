/**
 * The hub's connections over Socket.IO. This room knows what a cookie, an origin and a socket are; the hub does not.
 */
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { concealed } from '../base/concealed.js'
import { toFailure } from '../base/failure.js'
import { guardLimits } from '../base/guard-limits.js'
import { fixedLimits } from '../base/server-limits.js'
import type { Hub } from '../hub/hub.js'
import type { Session } from '../hub/session.js'
import { lineQuestion } from '../protocol/path.js'
import type { Arrival } from './arrival.js'
import { browserCookie } from './browser-cookie.js'
import { Entrance } from './entrance.js'
import type { EngineConnection } from './guard.js'
import { SocketConnection } from './socket-connection.js'
import { Troubles } from './troubles.js'
import { type Receiving, Unfinished } from './unfinished.js'

const cookieAge = 365 * 24 * 60 * 60 // seconds; browsers allow 400 days

export interface SocketIoOptions {
  readonly path: string
}

export interface Transport {
  /** Ends all connections. The http server is its owner's to close. */
  close(): Promise<void>
}

export function attachSocketIo(hub: Hub, server: HttpServer, { path }: SocketIoOptions): Transport {
  const troubles = new Troubles(hub.clock, hub.log)
  const unheard = createServer() // never listens: the entrance hands the engine what is its
  const io = new Server(unheard, {
    path,
    serveClient: false,
    perMessageDeflate: false, // costs 33 times the CPU of a pipelined event, and 250 KB a connection
    maxHttpBufferSize: hub.limits.messageBytes,
  })
  boundFrames(io.engine)
  const entrance = new Entrance(hub, io.engine, troubles)
  const engine = io.engine as unknown as { readonly clients: Readonly<Record<string, Receiving>> }
  const unfinished = new Unfinished({
    clock: hub.clock,
    connections: () => Object.values(engine.clients),
    addressOf: (id) => entrance.arrivalOf(id)?.address,
    cut: (address, connections) => troubles.unfinished(address, connections),
  })
  io.engine.on('connection', (connection: EngineConnection) => {
    entrance.connected(connection)
    unfinished.begin()
  })
  io.engine.on('initial_headers', (headers: Record<string, unknown>, request: IncomingMessage) => {
    const value = entrance.cookieFor(request)
    if (value !== undefined) headers['set-cookie'] = cookie(value, request)
  })
  io.on('connection', (socket) => {
    const arrival = entrance.arrivalOf((socket.conn as unknown as EngineConnection).id)
    if (!arrival) return void socket.disconnect(true)
    if (socket.conn.transport.name === 'polling') troubles.polling()
    accept(hub, socket, arrival)
  })
  entrance.open(server, path)
  return {
    close: async () => {
      entrance.close()
      unfinished.end()
      io.engine.close()
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
}

/** A page sends no pings of the websocket, and a pong is something that a peer need not read. Engine.IO does not hand these options on. */
function boundFrames(engine: unknown): void {
  const { options } = (engine as { ws: { options: { autoPong: boolean; maxFragments: number } } }).ws
  options.autoPong = false
  options.maxFragments = guardLimits.messageFrames
}

function accept(hub: Hub, socket: Socket, arrival: Arrival): void {
  const connection = new SocketConnection(socket, hub.clock, arrival)
  let session: Session
  try {
    session = hub.connect(connection, socket.handshake.auth, arrival.browser)
  } catch (thrown) {
    const error = concealed('handler-failed', 'A hello', thrown)
    const { code, message } = toFailure(error)
    const { afterMs } = error
    socket.emit('bye', code, message, ...(afterMs === undefined ? [] : [afterMs]))
    socket.disconnect(true)
    return
  }
  socket.handshake.auth = {} // the hello, which would be kept for as long
  socket.onAny((name, ...args) => {
    const bytes = connection.takeSize()
    if (name !== lineQuestion) return session.receive(name, args, bytes)
    session.count(1, bytes)
    const answer: unknown = args.at(-1)
    if (typeof answer === 'function' && connection.unread < fixedLimits.unreadCounted) answer()
  })
  socket.on('disconnect', (reason) => {
    hub.disconnected(session)
    if (reason === 'client namespace disconnect') socket.conn.close(true) // it has said its hello, and gets no second one
  })
}

function cookie(value: string, { headers, socket }: IncomingMessage): string {
  const [protocol] = String(headers['x-forwarded-proto'] ?? '').split(',') // that of the first of several proxies
  const secure = 'encrypted' in socket || protocol?.trim() === 'https'
  return `${browserCookie}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${cookieAge}${secure ? '; Secure' : ''}`
}
