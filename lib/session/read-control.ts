/**
 * Decides whether a connection is read. It is not while its page does not read how its calls settle, while its calls take too much memory, and while they
 * wait for their turn; then the page, or the network on its behalf, has to wait.
 */
import type { Limits } from '../base/limits.js'
import type { Connection } from './connection.js'

/** Bits, since each page has some of them. */
const reasons = { unread: 1, bytes: 2, turn: 4 } as const

/** What the waiting calls of all pages of a process take. */
export class Inboxes {
  private readonly limit: number
  /** Bytes. */
  bytes = 0
  private readonly stopped = new Set<ReadControl>()

  constructor(limit: number) {
    this.limit = limit
  }

  get isFull(): boolean {
    return this.bytes > this.limit
  }

  changed(by: number): void {
    this.bytes += by
    if (by >= 0 || this.stopped.size === 0 || this.bytes > this.limit / 2) return
    for (const control of [...this.stopped]) control.look()
  }

  stop(control: ReadControl): void {
    this.stopped.add(control)
  }

  goOn(control: ReadControl): void {
    this.stopped.delete(control)
  }
}

export class ReadControl {
  private readonly connection: Connection
  private readonly limits: Limits
  private readonly all: Inboxes
  private holding = 0
  private isClosed = false
  /** Bytes of the calls of this page that wait or run. */
  bytes = 0

  constructor(connection: Connection, limits: Limits, all: Inboxes) {
    this.connection = connection
    this.limits = limits
    this.all = all
  }

  /** The bytes of a message are more than may wait. */
  refuses(bytes: number): boolean {
    return this.bytes > 0 && (this.bytes + bytes > this.limits.inboxBytes || this.all.isFull)
  }

  /** A call waits or has settled. */
  count(bytes: number): void {
    if (bytes === 0) return
    this.bytes += bytes
    this.all.changed(bytes)
    this.look()
  }

  /** Looks whether its calls take too much. */
  look(): void {
    if (this.isClosed) return
    const { bytes, limits, all } = this
    if (bytes > limits.inboxBytes / 2 || (bytes > 0 && all.isFull)) {
      all.stop(this)
      this.set('bytes', true)
    } else if (this.has('bytes') && bytes <= limits.inboxBytes / 4 && !all.isFull) {
      all.goOn(this)
      this.set('bytes', false)
    }
  }

  /** The connection is read. */
  get isRead(): boolean {
    return this.holding === 0
  }

  set(reason: keyof typeof reasons, holds: boolean): void {
    const { holding, connection } = this
    if (this.has(reason) === holds || this.isClosed) return
    this.holding = holds ? holding | reasons[reason] : holding & ~reasons[reason]
    if (holding === 0) connection.pause?.()
    else if (this.holding === 0) connection.resume?.()
  }

  private has(reason: keyof typeof reasons): boolean {
    return (this.holding & reasons[reason]) !== 0
  }

  /** The connection is closed; calls that were begun still count until they settle. */
  close(): void {
    this.isClosed = true
    this.all.goOn(this)
  }
}
