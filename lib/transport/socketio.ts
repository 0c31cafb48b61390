/**
 * The hub's connections over Socket.IO. This file knows what a cookie, an origin and a socket are; the hub does not.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { Server, type Socket } from 'socket.io'
import type { Json } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import type { Hub } from '../hub/hub.js'
import type { Session } from '../hub/session.js'
import { lineQuestion } from '../protocol/path.js'
import { browserCookie, browserIn } from './browser-cookie.js'
import { Troubles } from './troubles.js'

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
  const browsers = new WeakMap<IncomingMessage, string>()
  const io = new Server(server, {
    path,
    serveClient: false,
    destroyUpgrade: false,
    perMessageDeflate: false, // costs 33 times the CPU of a pipelined event, and 250 KB a connection
    maxHttpBufferSize: hub.limits.messageBytes,
    allowRequest: (request, answer) => {
      const refusal = refusalOf(request, io.engine.clientsCount, hub.limits.connections)
      if (refusal) tell(troubles, refusal, request, io.engine.clientsCount)
      answer(refusal?.code ?? null, refusal === undefined)
    },
  })
  io.engine.on('initial_headers', (headers: Record<string, unknown>, request: IncomingMessage) => {
    const known = browserIn(request.headers.cookie)
    browsers.set(request, known ?? hub.clock.id())
    if (!known) headers['set-cookie'] = cookie(browsers.get(request) as string, request)
  })
  io.on('connection', (socket) => {
    const browser = browsers.get(socket.request) ?? browserIn(socket.request.headers.cookie) ?? hub.clock.id()
    if (socket.conn.transport.name === 'polling') troubles.polling()
    accept(hub, socket, browser)
  })
  return {
    close: async () => {
      io.engine.close()
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
}

function accept(hub: Hub, socket: Socket, browser: string): void {
  const connection = {
    cookies: socket.request.headers.cookie,
    send: (name: string, ...args: Json[]) => void socket.emit(name, ...args),
    close: () => void socket.disconnect(true),
  }
  let session: Session
  try {
    session = hub.connect(connection, socket.handshake.auth, browser)
  } catch (error) {
    const { code, message } = toFailure(error, 'invalid-message')
    socket.emit('bye', code, message)
    socket.disconnect(true)
    return
  }
  socket.onAny((name, ...args) => {
    if (name !== lineQuestion) return session.receive(name, args)
    const answer: unknown = args.at(-1)
    if (typeof answer === 'function') answer()
  })
  socket.on('disconnect', () => hub.disconnected(session))
}

/** Why a handshake may not go on: it comes from a page of another site, or the hub is full. */
function refusalOf(request: IncomingMessage, connections: number, limit: number): HeldStateError | undefined {
  if (!sameOrigin(request))
    return new HeldStateError(
      'foreign-origin',
      'A page of another site tried to connect. Behind a proxy, let it hand on the Host header.',
    )
  if (connections >= limit)
    return new HeldStateError(
      'too-many-connections',
      `The hub has ${connections} connections, the bound "connections". Raise it: serve({ hub: { limits: { connections } } }).`,
    )
  return undefined
}

function tell(troubles: Troubles, { code }: HeldStateError, { headers }: IncomingMessage, connections: number): void {
  if (code === 'too-many-connections') troubles.full(connections)
  else troubles.foreign(String(headers.origin), headers.host, headers['x-forwarded-host'] as string | undefined)
}

/** Browsers name the origin of the page in each handshake; a cookie alone would let any site speak for its visitor. */
function sameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true
  try {
    const { host } = new URL(headers.origin)
    return host === headers.host || host === headers['x-forwarded-host']
  } catch {
    return false
  }
}

function cookie(browser: string, { headers, socket }: IncomingMessage): string {
  const secure = 'encrypted' in socket || headers['x-forwarded-proto'] === 'https'
  return `${browserCookie}=${browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${cookieAge}${secure ? '; Secure' : ''}`
}
