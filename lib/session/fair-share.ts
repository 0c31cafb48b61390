/**
 * The turns of pages that make many calls, or whose calls take long. While no other page is about, such a page is served as fast as it goes.
 * Otherwise it waits, and is not read: one such page at a time is served for a moment in a turn of the event loop, and as long as it held the
 * thread, none of them is. So a flood costs its own page time, and not the others.
 */
import type { Clock } from '../base/clock.js'
import { handlerLimits } from '../base/server-limits.js'
import { AddressRates } from './address-rates.js'

/** A page above its rate. */
export interface Drainable {
  /** Handles what waits, as long as `mayRun` says so. */
  drain(): void
}

export class FairShare {
  /** Those of all pages of an address together. */
  readonly addressRates = new AddressRates()
  private readonly clock: Clock
  private readonly waiting = new Set<Drainable>()
  private current: Drainable | undefined
  /** Until when it may go on. */
  private until = 0
  /** Until when none of them has a turn. */
  private restUntil = Number.NEGATIVE_INFINITY
  /** The page within its rate that was about last, and when; and when another one was. */
  private quietPage: Drainable | undefined
  private quietAt = Number.NEGATIVE_INFINITY
  private otherQuietAt = Number.NEGATIVE_INFINITY
  private isTurning = false

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** A page within its rate has sent something. */
  quiet(page: Drainable, now: number): void {
    if (this.quietPage !== page) {
      this.otherQuietAt = this.quietAt
      this.quietPage = page
    }
    this.quietAt = now
  }

  /** Whether a page above its rate may run its next call now. */
  mayRun(page: Drainable): boolean {
    const now = this.clock.now()
    if (!this.isContended(page, now)) return true
    return page === this.current && now < this.until
  }

  /** Serves it when it is its turn. */
  wait(page: Drainable): void {
    this.waiting.add(page)
    if (!this.isTurning) this.turnLater()
  }

  /** It waits no more. */
  leave(page: Drainable): void {
    this.waiting.delete(page)
    if (this.current === page) this.current = undefined
    if (this.quietPage === page) this.quietPage = undefined
  }

  /** Whether another page, within its rate, was about just now. */
  private isContended(page: Drainable, now: number): boolean {
    return now - (this.quietPage === page ? this.otherQuietAt : this.quietAt) < handlerLimits.quietMs
  }

  private turnLater(): void {
    const wait = this.restUntil - this.clock.now()
    this.isTurning = true
    if (wait > 0) this.clock.after(wait, () => this.turned())
    else this.clock.turn(() => this.turned())
  }

  /** A page above its rate has held the thread for so many milliseconds. */
  spent(ms: number): void {
    const rest = ms * (ms > handlerLimits.stretchMs ? handlerLimits.restOfLong : handlerLimits.restOfShort)
    this.restUntil = Math.max(this.restUntil, this.clock.now()) + rest
  }

  private turned(): void {
    const now = this.clock.now()
    this.isTurning = false
    this.current = undefined
    const [next] = this.waiting
    if (next && !this.isContended(next, now)) this.serveAll()
    else if (next && now >= this.restUntil) this.serve(next, now)
    if (!this.isTurning && (this.waiting.size > 0 || this.current)) this.turnLater()
  }

  private serve(page: Drainable, now: number): void {
    this.waiting.delete(page)
    this.current = page
    this.until = now + handlerLimits.sliceMs
    page.drain()
    this.spent(this.clock.now() - now)
  }

  private serveAll(): void {
    for (const page of [...this.waiting]) {
      this.waiting.delete(page)
      page.drain()
    }
  }
}
