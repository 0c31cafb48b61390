/**
 * The door to the custom server. It loads the server only when called: next.config imports the same door for the plugin,
 * in each of Next's build workers, and needs neither Next nor sockets there.
 */
import { refuseUnknown } from '../../base/known-keys.js'
import type { HubOptions } from '../../hub/options.js'
import { endPlainly } from './exit-on-start-error.js'

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

/**
 * Starts Next with heldstate, and says where. `SIGTERM` and `SIGINT` close it in order. If the port is in use, it says so and
 * ends the process, as Next's own server does.
 */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const { start } = await import('./server.js')
  try {
    refuseUnknown('invalid-arguments', 'serve', options, ['dev', 'port', 'hostname', 'dir', 'webpack', 'hub'])
    return await start(options)
  } catch (error) {
    endPlainly(error, options.hub?.log)
  }
}
