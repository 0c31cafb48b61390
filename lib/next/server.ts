/**
 * The custom server: Next, and the hub on the same port. Its order matters. It listens first, so that a port in use is
 * noticed before Next compiles anything; what arrives meanwhile waits. The hub comes after Next, which reads `.env`.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import nextModule from 'next'
import { type Clock, systemClock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { fixedLimits } from '../base/limits.js'
import { consoleLog, type Log } from '../base/log.js'
import { createHub, type Hub } from '../hub/hub.js'
import { setSlot } from '../hub/slot.js'
import { socketPath } from '../protocol/path.js'
import { diskStore } from '../store/disk.js'
import type { StateStore } from '../store/store.js'
import { attachSocketIo, type Transport } from '../transport/socketio.js'
import { Definitions } from './definitions.js'
import { EarlyRequests } from './early-requests.js'
import { Jobs } from './jobs.js'
import { keptFolder, keptSecret, makeKeptFolder } from './kept-secret.js'
import { OpenSockets } from './open-sockets.js'
import { servedRoutePath, statePackages } from './seen-config.js'
import type { Served, ServeOptions } from './serve.js'
import { StateFolder } from './state-folder.js'
import { forwardUpgrades } from './upgrades.js'

/** Next's types describe the default export of an ES module; what Node gives for its CommonJS is that export itself. */
const next = nextModule as unknown as typeof nextModule.default
type App = ReturnType<typeof next>

export async function start(options: ServeOptions): Promise<Served> {
  const dev = options.dev ?? process.env.NODE_ENV !== 'production'
  const { clock = systemClock, log = consoleLog } = options.hub ?? {}
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore)
  const server = createServer()
  const sockets = new OpenSockets(server)
  const early = new EarlyRequests(server)
  await listen(server, options)

  const nextServer = createServer()
  const app = await prepareNext(server, nextServer, dev, options)
  early.stop()
  const handle = app.getRequestHandler()
  server.on('request', (request, response) => void handle(request, response))
  const hub = hubFor(server, options, dev, clock, log)
  const transport = attachSocketIo(hub, server, { path: socketPath })
  forwardUpgrades(server, nextServer, socketPath, clock)
  early.admit()

  const close = closing({ hub, transport, server, sockets, app, drainMs: dev ? 0 : fixedLimits.drainMs, clock })
  if (!dev) void hub.ready().catch(() => {}) // the problem was logged, and the first call asks again
  const url = urlOf(server, options.hostname ?? 'localhost')
  log.info(`ready on ${url}`)
  return { url, close }
}

/** When the terminal is gone, Next would write the failure of each write to it, and turn without end. */
const ignore = () => {}

async function prepareNext(server: Server, nextServer: Server, dev: boolean, options: ServeOptions): Promise<App> {
  const { dir = '.', hostname, webpack } = options
  const app = next({
    dev,
    dir,
    port: portOf(server),
    httpServer: nextServer,
    ...(hostname === undefined ? {} : { hostname }),
    ...(webpack === undefined ? {} : { webpack }),
  } as Parameters<typeof next>[0])
  await app.prepare()
  // Next would do this at the first request, and a browser that was open before may ask for its socket sooner
  ;(app as { setupWebSocketHandler?(server: Server): void }).setupWebSocketHandler?.(nextServer)
  return app
}

function hubFor(
  server: Server,
  { hub: given = {}, hostname, dir = '.' }: ServeOptions,
  development: boolean,
  clock: Clock,
  log: Log,
): Hub {
  const routeKey = clock.id()
  const watching = development ? { stateFiles: new StateFolder(resolve(dir), statePackages(), clock) } : {}
  const url = () => `${urlOf(server, reachable(hostname))}${servedRoutePath()}`
  const definitions = new Definitions({ key: routeKey, clock, log, url, ...watching })
  const jobs = new Jobs({ key: routeKey, clock, url })
  const folder = keptFolder(dir)
  const secret = given.secret ?? keptSecret(folder)
  const hub = createHub({
    ...given,
    secret,
    store: given.store ?? disk(folder, log),
    prepare: () => definitions.prepare(),
    inRequest: (work, cookies) => jobs.run(work, cookies),
  })
  setSlot({ hub, routeKey, takeJob: (id) => jobs.take(id) })
  return hub
}

function disk(folder: string, log: Log): StateStore {
  makeKeptFolder(folder)
  return diskStore({ dir: join(folder, 'state'), log })
}

interface Parts {
  readonly hub: Hub
  readonly transport: Transport
  readonly server: Server
  readonly sockets: OpenSockets
  readonly app: App
  readonly drainMs: number
  readonly clock: Clock
}

/** The one way down, for `close()` and for signals. A second signal ends the process at once. */
function closing({ hub, transport, server, sockets, app, drainMs, clock }: Parts): () => Promise<void> {
  let closed: Promise<void> | undefined
  const down = async () => {
    for (const signal of signals) process.off(signal, onSignal)
    const ended = new Promise<void>((resolve) => server.close(() => resolve()))
    await hub.close()
    await transport.close()
    await sockets.end(drainMs, clock)
    await ended
    await app.close()
    setSlot(undefined)
  }
  const close = () => {
    closed ??= down()
    return closed
  }
  const onSignal = () => void close().then(() => process.exit(0))
  for (const signal of signals) process.once(signal, onSignal)
  return close
}

const signals = ['SIGTERM', 'SIGINT'] as const

function listen(server: Server, { port = Number(process.env.PORT ?? 3000), hostname }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is in use. End what uses it, or start on another one: PORT=${port + 1}.`
      reject(new HeldStateError('cannot-listen', cause.code === 'EADDRINUSE' ? taken : messageOf(cause), { cause }))
    }
    server.once('error', onError)
    server.listen(port, hostname, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

const urlOf = (server: Server, host: string) => `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`

/** An address that this process can ask: a server that listens on all of them has no one address. */
function reachable(hostname: string | undefined): string {
  return hostname === undefined || hostname === '0.0.0.0' || hostname === '::' ? '127.0.0.1' : hostname
}
