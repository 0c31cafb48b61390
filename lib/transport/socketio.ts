/**
 * The hub's connections over Socket.IO. This room knows what a cookie, an origin and a socket are; the hub does not.
 */
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { concealed } from '../base/concealed.js'
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import { processLimits } from '../base/server-limits.js'
import type { HubRuntime } from '../hub/hub.js'
import { isSignedToken } from '../instance/token.js'
import { appHeader } from '../protocol/caller.js'
import { lineQuestion, socketPath } from '../protocol/path.js'
import { byeTo3, isVersion3 } from '../protocol/version-3.js'
import type { Session } from '../session/session.js'
import type { Arrival } from './arrival.js'
import { hasBrowserCookie } from './browser-cookie.js'
import { Entrance } from './entrance.js'
import type { EngineConnection } from './guard.js'
import type { OwnPath } from './own-path.js'
import { PartialMessages, type Receiving } from './partial-messages.js'
import type { SiteOptions } from './site.js'
import { SocketConnection } from './socket-connection.js'
import { Troubles } from './troubles.js'

export interface SocketIoOptions {
  /** Where the hub listens: one path, or those of an app with a zone. */
  readonly path: OwnPath
  /** In development: names of hosts, other than those of this machine, at which the app may be opened. */
  readonly developmentHosts?: SiteOptions['developmentHosts']
}

export interface Transport {
  /** Closes all connections. The http server is its owner's to close. */
  close(): Promise<void>
}

export function attachSocketIo(
  hub: HubRuntime,
  server: HttpServer,
  { path, developmentHosts }: SocketIoOptions,
): Transport {
  const troubles = new Troubles(hub.clock, hub.log)
  const unheard = createServer() // never listens: the entrance hands the engine what is its
  const io = new Server(unheard, {
    path: socketPath, // the entrance hands over what is the engine's, whatever its path is
    serveClient: false,
    perMessageDeflate: false, // costs 33 times the CPU of a pipelined event, and 250 KB a connection
    maxHttpBufferSize: hub.limits.messageBytes,
  })
  boundFrames(io.engine)
  const entrance = new Entrance(hub, io.engine, troubles, developmentHosts)
  const engine = io.engine as unknown as { readonly clients: Readonly<Record<string, Receiving>> }
  const unfinished = new PartialMessages({
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
    const cookie = entrance.cookieFor(request)
    if (cookie !== undefined) headers['set-cookie'] = cookie
    if (hub.registry.app !== undefined) headers[appHeader] = hub.registry.app
  })
  io.on('connection', (socket) => {
    const arrival = entrance.arrivalOf((socket.conn as unknown as EngineConnection).id)
    if (!arrival) return void socket.disconnect(true)
    if (socket.conn.transport.name === 'polling') troubles.polling()
    accept(hub, socket, arrival, troubles)
  })
  entrance.open(server, path)
  return {
    close: async () => {
      entrance.close()
      unfinished.close()
      io.engine.close()
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
}

/** A page sends no pings of the websocket, and a pong is something that a peer need not read. Engine.IO does not hand these options on. */
function boundFrames(engine: unknown): void {
  const { options } = (engine as { ws: { options: { autoPong: boolean; maxFragments: number } } }).ws
  options.autoPong = false
  options.maxFragments = crowdLimits.messageFrames
}

function accept(hub: HubRuntime, socket: Socket, arrival: Arrival, troubles: Troubles): void {
  const connection = new SocketConnection(socket, hub.clock, arrival)
  let session: Session
  try {
    const { auth } = socket.handshake
    session = hub.connect(connection, auth, hub.callers.browserOf(auth.token, arrival.browser, arrival.others))
  } catch (thrown) {
    const error = cookieless(
      arrival,
      socket.handshake.auth.token,
      troubles,
      hub.options.zone,
      concealed('handler-failed', 'A hello', thrown),
    )
    const { code, message } = toFailure(error)
    const { afterMs } = error
    const bye = ['bye', code, message, ...(afterMs === undefined ? [] : [afterMs])] as const
    const [name, ...args] = isVersion3(socket.handshake.auth) ? byeTo3(bye) : bye
    socket.emit(name, ...args)
    socket.disconnect(true)
    return
  }
  Object.assign(socket, { handshake: noHandshake }) // the hello and the headers, which would be kept for as long
  socket.onAny((name, ...args) => {
    const bytes = connection.takeSize()
    if (name !== lineQuestion) return session.receive(name, args, bytes)
    session.count(1, bytes)
    const answer: unknown = args.at(-1)
    if (typeof answer === 'function' && connection.unread < processLimits.unreadCounted) answer()
  })
  socket.on('disconnect', (reason) => {
    hub.disconnected(session)
    if (reason === 'client namespace disconnect') socket.conn.close(true) // it has said its hello, and gets no second one
  })
}

const noHandshake = Object.freeze({ headers: Object.freeze({}), query: Object.freeze({}), auth: Object.freeze({}) })

/** A page that has a token, and whose browser sends no cookie, never has its state again, and hears why. */
function cookieless(
  { cookies }: Arrival,
  token: unknown,
  troubles: Troubles,
  zone: string | undefined,
  error: HeldStateError,
): HeldStateError {
  if (error.code !== 'invalid-token' || !isSignedToken(token) || hasBrowserCookie(cookies, zone)) return error
  troubles.cookieless()
  return new HeldStateError(
    'no-cookie',
    'The browser sent no cookie of this app, so the page starts with a new state, now and after each lost ' +
      'connection. Cookies were cleared or are blocked, or the page is in a frame of another site.',
  )
}
