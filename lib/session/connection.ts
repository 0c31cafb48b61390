/** One socket, as the hub sees it. `transport/` makes it over Socket.IO, `testing/` over a loopback. */
import type { Json } from '../base/encode.js'

export interface Connection {
  /** The cookies with which the page connected. */
  readonly cookies?: string | undefined
  /** Headers of the handshake that say whose request it was, as `headers()` of an event has them: its browser, language and address. */
  readonly visitor?: Readonly<Record<string, string>> | undefined
  /** The address that limits count against; `undefined` where it is not known, and then they do not count. */
  readonly address?: string | undefined
  /** Bytes that were sent and that the network has not taken yet. None for a connection that does not say. */
  readonly unread?: number
  /** Bytes that were sent in all, taken or not. */
  readonly written?: number
  /** Told when the network has taken some of them. */
  onTaken?: { taken(): void } | undefined
  /** Sends one message, in order. After the connection has closed, nothing happens. */
  send(name: string, ...args: Json[]): void
  /** Sends one message whose text is there already, as `send` would write it. Default: the message is written for each page. */
  sendText?(text: string): void
  /** Reads no further messages, so that the sender has to wait. Some may still arrive. */
  pause?(): void
  /** Reads on. */
  resume?(): void
  /** Closes the connection after what was sent before. */
  close(): void
  /** Closes the connection at once; what was sent and not taken is lost. Default: `close`. */
  abort?(): void
}
