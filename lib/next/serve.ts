/**
 * The custom server: Next, and the hub on the same port. Next sees only what is its own: its listener for upgrades hangs
 * on a second server that never listens, because it would end sockets that it does not know.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import nextModule from 'next'
import { systemClock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { consoleLog } from '../base/log.js'
import { createHub, type Hub, type HubOptions } from '../hub/hub.js'
import { setSlot } from '../hub/slot.js'
import { socketPath } from '../protocol/path.js'
import { attachSocketIo } from '../transport/socketio.js'
import { Definitions } from './definitions.js'
import { routePath, routeVariable } from './route-path.js'

export interface ServeOptions {
  /** Development mode. Default: unless NODE_ENV is `production`. */
  readonly dev?: boolean
  /** Default: the environment's PORT, or 3000. */
  readonly port?: number
  /** The address to listen on. Default: all. */
  readonly hostname?: string
  /** The folder of the app. Default: the current one. */
  readonly dir?: string
  /** Compile with webpack in development, not with Turbopack. */
  readonly webpack?: boolean
  readonly hub?: Omit<HubOptions, 'prepare'>
}

export interface Served {
  readonly url: string
  /** Ends tasks, lets events finish, closes all sockets and Next. */
  close(): Promise<void>
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Next's types describe the default export of an ES module; what Node gives for its CommonJS is that export itself. */
const next = nextModule as unknown as typeof nextModule.default

/** Starts Next with heldstate, and says where. `SIGTERM` and `SIGINT` close it in order. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const dev = options.dev ?? process.env.NODE_ENV !== 'production'
  const { hostname } = options
  const port = options.port ?? Number(process.env.PORT ?? 3000)
  const server = createServer()
  const sockets = track(server)
  let start: (handle: Handle) => void = () => {}
  const started = new Promise<Handle>((resolve) => {
    start = resolve
  })
  // a request that comes before Next is ready waits for it; and engine.io wraps only listeners that exist before its own
  server.on('request', (request, response) => void started.then((handle) => handle(request, response)))
  await listen(server, port, hostname)
  const url = urlOf(server, hostname)

  const upgrades = createServer()
  const app = next({
    dev,
    dir: options.dir ?? '.',
    port: (server.address() as AddressInfo).port,
    httpServer: upgrades,
    ...(hostname === undefined ? {} : { hostname }),
    ...(options.webpack === undefined ? {} : { webpack: options.webpack }),
  } as Parameters<typeof next>[0])
  await app.prepare()
  ;(app as { setupWebSocketHandler?(server: Server): void }).setupWebSocketHandler?.(upgrades)
  const hub = hubOf(options, dev, () => `${url}${process.env[routeVariable] ?? routePath}`)
  const transport = attachSocketIo(hub, server, { path: socketPath })
  server.on('upgrade', (request, socket, head) => {
    if (isOurs(request)) return
    if (!upgrades.emit('upgrade', request, socket, head)) socket.destroy()
  })
  start(app.getRequestHandler())

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      await hub.close()
      await transport.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      await app.close()
      setSlot(undefined)
    })()
    return closing
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
  if (!dev) void hub.ready().catch(() => {}) // a problem was logged, and the first call asks again
  consoleLog.info(`ready on ${url}`)
  return { url, close }
}

function hubOf({ hub: given = {} }: ServeOptions, development: boolean, url: () => string): Hub {
  const clock = given.clock ?? systemClock
  const routeKey = clock.id()
  const definitions = new Definitions({ development, key: routeKey, clock, log: given.log ?? consoleLog, url })
  const secret = given.secret ?? process.env.HELDSTATE_SECRET
  const hub = createHub({ ...given, ...(secret ? { secret } : {}), prepare: () => definitions.prepare() })
  setSlot({ hub, routeKey })
  return hub
}

const isOurs = ({ url = '' }: IncomingMessage) =>
  url === socketPath || url.startsWith(`${socketPath}/`) || url.startsWith(`${socketPath}?`)

/** Open sockets: a browser keeps some open, and a server that waits for them closes late. */
function track(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return sockets
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is in use. End what uses it, or start on another one: PORT=${port + 1}.`
      reject(
        new HeldStateError('cannot-listen', error.code === 'EADDRINUSE' ? taken : messageOf(error), { cause: error }),
      )
    })
    server.listen(port, hostname, resolve)
  })
}

function urlOf(server: Server, hostname: string | undefined): string {
  const { port } = server.address() as AddressInfo
  return `http://${hostname && hostname !== '0.0.0.0' && hostname !== '::' ? hostname : '127.0.0.1'}:${port}`
}
