/**
 * The custom server: Next, and the hub on the same port. Its order matters. It listens first, so that a port in use is
 * noticed before Next compiles anything; what arrives meanwhile waits. The hub comes after Next, which reads `.env`.
 */

import { createServer, type Server } from 'node:http'
import nextModule from 'next'
import { type Clock, systemClock } from '../../base/clock.js'
import { HeldStateError, messageOf } from '../../base/errors.js'
import { consoleLog } from '../../base/log.js'
import { edgeLimits, processLimits } from '../../base/server-limits.js'
import type { HubRuntime } from '../../hub/hub.js'
import type { HubOptions } from '../../hub/options.js'
import { claimSlot, setSlot } from '../../hub/process-hub.js'
import { socketPaths } from '../../protocol/path.js'
import { CookieWatch } from '../../transport/cookie-watch.js'
import { attachSocketIo, type Transport } from '../../transport/socketio.js'
import { devOrigins, servedZone, warnOfUnwrapped } from '../plugin/config-registry.js'
import { portOf, reachable, urlOf } from './address.js'
import { appHub } from './app-hub.js'
import { OpenSockets } from './open-sockets.js'
import { EarlyRequests } from './startup-queue.js'
import { forwardUpgrades } from './upgrades.js'

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
  /** For people on this machine; the server listens where `hostname` says. */
  readonly url: string
  /** Ends tasks, lets events finish, closes all sockets and Next. In development, Next keeps its file watchers open. */
  close(): Promise<void>
}

/** Next's types describe the default export of an ES module; what Node gives for its CommonJS is that export itself. */
const next = nextModule as unknown as typeof nextModule.default
type App = ReturnType<typeof next>

export async function start(options: ServeOptions): Promise<Served> {
  const dev = options.dev ?? process.env.NODE_ENV !== 'production'
  const { clock = systemClock, log = consoleLog } = options.hub ?? {}
  claimSlot()
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore)
  const { headersMs: headersTimeout, lateRequestsMs: connectionsCheckingInterval } = edgeLimits
  const server = createServer({ headersTimeout, connectionsCheckingInterval })
  const sockets = new OpenSockets(server)
  const early = new EarlyRequests(server)
  await listen(server, options)

  const nextServer = createServer()
  const app = await prepareNext(server, nextServer, dev, options).catch((error) => {
    server.close()
    server.closeAllConnections() // those that came early wait for an answer
    setSlot(undefined)
    throw error
  })
  warnOfUnwrapped(dev, log)
  early.stop()
  const handle = app.getRequestHandler()
  server.on('request', (request, response) => void handle(request, response))
  const origin = () => urlOf(server, reachable(options.hostname))
  const developmentHosts = () => [...devOrigins(), ...(options.hostname ? [options.hostname] : [])]
  const hub = appHub({ given: options.hub, dir: options.dir ?? '.', development: dev, origin })
  const cookies = new CookieWatch(hub)
  server.prependListener('request', (request, response) => cookies.look(request, response))
  const paths = socketPaths(servedZone())
  const transport = attachSocketIo(hub, server, { path: paths, ...(dev && { developmentHosts }) })
  forwardUpgrades(server, nextServer, paths, clock)
  const close = closing({ hub, transport, server, sockets, app, drainMs: dev ? 0 : processLimits.drainMs, clock })
  await hub.resume().catch(async (error) => {
    await close()
    throw error
  })
  early.admit()
  if (!dev) void hub.ready().catch(() => {}) // the problem was logged, and the first call asks again
  const url = urlOf(server, options.hostname ?? 'localhost')
  log.info(`ready on ${url} (process ${process.pid})`)
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

interface Parts {
  readonly hub: HubRuntime
  readonly transport: Transport
  readonly server: Server
  readonly sockets: OpenSockets
  readonly app: App
  readonly drainMs: number
  readonly clock: Clock
}

/** The one way down, for `close()` and for signals. A second signal stops the process at once. */
function closing({ hub, transport, server, sockets, app, drainMs, clock }: Parts): () => Promise<void> {
  let closed: Promise<void> | undefined
  const down = async () => {
    for (const signal of signals) process.off(signal, onSignal)
    const ended = new Promise<void>((resolve) => server.close(() => resolve()))
    await hub.close()
    await transport.close()
    await sockets.close(drainMs, clock)
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
      const taken = `Port ${port} is in use. Stop the other process, or use another port: PORT=${port + 1}, or "-p ${port + 1}" with heldstate dev and heldstate start.`
      reject(new HeldStateError('port-unavailable', cause.code === 'EADDRINUSE' ? taken : messageOf(cause), { cause }))
    }
    server.once('error', onError)
    server.listen(port, hostname, () => {
      server.off('error', onError)
      resolve()
    })
  })
}
