/**
 * The tab's side of a connection, as a port: `socket` makes it over Socket.IO, `testing/` over a loopback. A wire opens,
 * closes and opens again by itself until `stop`.
 */
import type { Json } from '../base/encode.js'
import type { Waiting } from './retry.js'

export interface WireListener {
  /** Called each time a connection opens: what to say first. */
  hello(): Promise<{ readonly [key: string]: Json }>
  message(name: string, args: readonly unknown[]): void
  /**
   * The connection, or an attempt to make one, is closed; `offline` if the browser itself has no network. The wire tries
   * again unless `stop` was called; `waiting` says when. `asked` if the hub or the page has closed it on purpose.
   */
  closed(offline: boolean, waiting?: Waiting, asked?: boolean): void
  /** The first connection takes long to open, although the browser has a network. */
  unanswered?(): void
}

export interface Wire {
  start(listener: WireListener): void
  /** Sends in order over the open connection. */
  send(name: string, ...args: Json[]): void
  /** The hub has let this page in. Until then, each attempt waits longer than the one before. */
  welcomed?(): void
  /** The connection will be closed, with many others: the first attempt to make it again comes up to so much later, by chance. */
  spread?(ms: number): void
  /** Tries to connect at once, if it is not connected. */
  retry?(): void
  /** Closes the connection and makes another one at once. */
  reconnect?(): void
  stop(): void
}
