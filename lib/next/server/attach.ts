/** Attaches the hub to the server that Next has made, when Next starts. */
import { createServer, type Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { refuseUnknown } from '../../base/known-keys.js'
import { consoleLog, type Log } from '../../base/log.js'
import { claimSlot } from '../../hub/process-hub.js'
import { socketPaths } from '../../protocol/path.js'
import { CookieWatch } from '../../transport/cookie-watch.js'
import { attachSocketIo, type Transport } from '../../transport/socketio.js'
import { devOrigins, seeStandaloneConfig, servedZone, warnOfUnwrapped } from '../plugin/config-registry.js'
import { portOf, reachable, urlOf } from './address.js'
import { appHub } from './app-hub.js'
import { exitOnStartError } from './exit-on-start-error.js'
import { hostIn, onServer } from './found-server.js'
import { openGate } from './next-server-gate.js'
import type { AttachOptions } from './register.js'

export function attach(options: AttachOptions): void {
  const { dir = process.cwd(), hub: given } = options
  if (process.env.NEXT_PHASE === 'phase-production-build' || !claimSlot()) return
  seeStandaloneConfig()
  const development = process.env.NODE_ENV !== 'production'
  const port = Number(process.env.PORT) // Next has written there on which one it listens
  let asked: Server | undefined
  const origin = () => (asked ? urlOf(asked, reachable(addressOf(asked))) : `http://127.0.0.1:${port}`)
  const { log = consoleLog } = given ?? {}
  made(() => refuseUnknown('invalid-arguments', 'register', options, ['dir', 'hub']), log)
  const hub = made(() => appHub({ given, dir, development, origin }), log)
  const cookies = new CookieWatch(hub)
  warnOfUnwrapped(development, log)
  hub.store.open?.().catch((error) => exitOnStartError(error, log)) // now, and not when the server is found
  if (isInBuild(dir) && !given?.store && !hub.store.shared) log.warn(inBuild)
  let transport: Transport | undefined
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= hub.close().then(() => transport?.close())
    return closed
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close())
  onServer({ port, host: hostIn(), clock: hub.clock }, (server) => {
    asked = server instanceof HttpsServer ? besideTls(server) : server
    const paths = socketPaths(servedZone())
    const ours = openGate(server, paths, close, hub.clock, (...given) => cookies.look(...given))
    transport = attachSocketIo(hub, ours, { path: paths, ...(development && { developmentHosts: devOrigins }) })
    hub.resume().catch((error) => exitOnStartError(error, log))
    if (!development) void hub.ready().catch(() => {}) // the problem was logged, and the first call asks again
    log.info(`attached to the server on port ${portOf(server)}`)
  })
}

function made<T>(make: () => T, log: Log): T {
  try {
    return make()
  } catch (error) {
    return exitOnStartError(error, log)
  }
}

/** A standalone build that was not copied to where it runs. */
const isInBuild = (dir: string) => !process.env.HELDSTATE_DIR && /[\\/]\.next[\\/]standalone([\\/]|$)/.test(dir)

const inBuild =
  'State is stored inside .next/standalone, which the next build deletes. Deploy a ' +
  'copy of that folder, or set HELDSTATE_DIR to a folder that persists.'

const addressOf = (server: Server) => (server.address() as AddressInfo).address

/** Asks the app without TLS, on this machine alone: the certificate that Next makes for development is trusted by nobody. */
function besideTls(server: Server): Server {
  const beside = createServer((request, response) => void server.emit('request', request, response))
  return beside.listen(0, '127.0.0.1').unref()
}
