/**
 * The door to the custom server. It loads the server only when called: next.config imports the same door for the plugin,
 * in each of Next's build workers, and needs neither Next nor sockets there.
 */
import { refuseUnknown } from '../../base/known-keys.js'
import { exitOnStartError } from './exit-on-start-error.js'
import type { Served, ServeOptions } from './server.js'

/**
 * Starts Next with heldstate and resolves with its URL. `SIGTERM` and `SIGINT` shut it down in order. If the port is in use, it says
 * so and exits, as Next's own server does.
 */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const { start } = await import('./server.js')
  try {
    refuseUnknown('invalid-arguments', 'serve', options, ['dev', 'port', 'hostname', 'dir', 'webpack', 'hub'])
    return await start(options)
  } catch (error) {
    exitOnStartError(error, options.hub?.log)
  }
}
