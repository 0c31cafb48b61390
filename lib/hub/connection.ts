/** One socket, as the hub sees it. `transport/` makes it over Socket.IO, `testing/` over a loopback. */
import type { Json } from '../base/encode.js'

export interface Connection {
  /** The cookies with which the page connected. */
  readonly cookies?: string | undefined
  /** The key under which its address is counted; `undefined` if it is not known. */
  readonly address?: string | undefined
  /** Sends one message, in order. After the connection has closed, nothing happens. */
  send(name: string, ...args: Json[]): void
  /** Ends the connection after what was sent before. */
  close(): void
}
