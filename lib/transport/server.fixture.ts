/** A hub behind a real http server on this machine. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HubRuntime } from '../hub/hub.js'
import type { HubOptions } from '../hub/options.js'
import { socketPaths } from '../protocol/path.js'
import type { Definition } from '../state/definition.js'
import { signedBrowser } from './browser-cookie.js'
import { attachSocketIo } from './socketio.js'

/** The cookie of a browser, as the hub of `listening` has set it. */
export const cookieOf = (browser: string, issued = 0) => `heldstate=${signedBrowser(browser, issued, secret)}`

const secret = 'of a test'

export async function listening(
  definitions: readonly Definition[],
  options: HubOptions = {},
  developmentHosts?: () => readonly string[],
) {
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  const hub = new HubRuntime({ secret, log: { info: note, warn: note, error: note }, ...options })
  hub.registry.add(...definitions)
  const server = createServer()
  const transport = attachSocketIo(hub, server, { path: socketPaths(options.zone ?? ''), developmentHosts })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    await hub.close()
    await transport.close()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeIdleConnections()
    })
  }
  return { hub, server, transport, lines, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}`, close }
}
