/**
 * Keeps a page from being sent more than it reads. What changes while a page does not read becomes one difference, for when it has; a page
 * that takes nothing at all is cut off, and connects again if it is still there.
 */
import type { Clock } from '../base/clock.js'
import type { Limits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import type { Connection } from './connection.js'

/** What all pages of a process leave unread. */
export class Unread {
  /** Bytes. */
  private readonly limit: number
  bytes = 0
  /** In the order in which they last took something: who reads, however slowly, is cut off after those that do not. */
  private readonly blocked = new Set<Backpressure>()

  constructor(limit: number) {
    this.limit = limit
  }

  changed(by: number): void {
    this.bytes += by
    if (by <= 0) return
    for (const first of this.blocked) {
      if (this.bytes <= this.limit) return
      first.cut()
    }
  }

  block(page: Backpressure): void {
    this.blocked.delete(page)
    this.blocked.add(page)
  }

  unblock(page: Backpressure): void {
    this.blocked.delete(page)
  }
}

export interface BackpressureCore {
  readonly clock: Clock
  readonly limits: Limits
  readonly memory: { readonly unread: Unread }
}

export class Backpressure {
  private readonly connection: Connection
  private readonly clock: Clock
  private readonly limits: Limits
  private readonly all: Unread
  private readonly session: { drained(): void }
  private counted = 0
  private cancelCut: (() => void) | undefined
  private isClosed = false

  /** Calls `session.drained` when the page has read what it was sent. */
  constructor(connection: Connection, { clock, limits, memory }: BackpressureCore, session: { drained(): void }) {
    this.connection = connection
    this.clock = clock
    this.limits = limits
    this.all = memory.unread
    this.session = session
    connection.onTaken = this
  }

  /** The page has left so much unread that it is to be sent nothing further. */
  get isBlocked(): boolean {
    return this.cancelCut !== undefined
  }

  /** Something was sent. */
  sent(): void {
    const { unread = 0 } = this.connection
    const { unreadBytes } = this.limits
    if (unread < Math.min(unreadBytes, processLimits.unreadCounted) && this.counted === 0) return
    if (unread >= unreadBytes && !this.isBlocked) {
      this.all.block(this)
      this.cutLater()
    }
    this.count(unread)
  }

  /** The network has taken some of it. */
  taken(): void {
    const { unread = 0 } = this.connection
    if (!this.isBlocked) return this.count(unread)
    this.cancelCut?.()
    this.count(unread)
    if (unread >= this.limits.unreadBytes) {
      this.all.block(this)
      return this.cutLater()
    }
    this.unblock()
    this.session.drained()
  }

  private unblock(): void {
    this.cancelCut?.()
    this.cancelCut = undefined
    this.all.unblock(this)
  }

  /** The connection is closed. */
  close(): void {
    this.unblock()
    this.count(0)
    this.isClosed = true
  }

  cut(): void {
    this.close()
    if (this.connection.abort) this.connection.abort()
    else this.connection.close()
  }

  private cutLater(): void {
    this.cancelCut = this.clock.after(this.limits.unreadMs, () => this.cut())
  }

  private count(unread: number): void {
    if (this.isClosed) return
    const by = unread - this.counted
    this.counted = unread
    this.all.changed(by)
  }
}
