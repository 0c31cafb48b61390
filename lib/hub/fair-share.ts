/**
 * The turns of pages that make many calls. A page within its rate is served at once; one above it goes on while nobody else waits and the
 * event loop turns quickly, and is put last otherwise. So a flood costs its own page time, and not the others.
 */
import type { Clock } from '../base/clock.js'
import { serverLimits } from '../base/limits.js'

/** Calls that wait for their turn. */
export interface Drainable {
  drain(): void
}

export class FairShare {
  private readonly clock: Clock
  private readonly waiting = new Set<Drainable>()
  /** When the calls of fast pages began in this turn of the event loop. */
  private since: number | undefined
  /** Until when the page that runs may go on. */
  private until = 0
  private isSpent = false
  private asked = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Whether a page above its rate may run its next call now. */
  mayRun(page: Drainable): boolean {
    if (this.waiting.size > 0 && !this.waiting.has(page)) return false
    if (this.since === undefined) this.begin()
    this.asked += 1
    if (this.asked % serverLimits.callsPerLook === 0) this.isSpent ||= this.clock.now() >= this.until
    return !this.isSpent
  }

  /** Drains it when others have had their turn. */
  wait(page: Drainable): void {
    this.waiting.delete(page)
    this.waiting.add(page)
    if (this.since === undefined) this.begin()
  }

  /** It waits no more. */
  leave(page: Drainable): void {
    this.waiting.delete(page)
  }

  private begin(): void {
    this.since = this.clock.now()
    this.until = this.since + serverLimits.stretchMs
    this.isSpent = false
    this.clock.turn(() => this.turned())
  }

  /** Each gets a slice in the order in which they wait; a page that has more to do waits again, behind the others. */
  private turned(): void {
    this.since = undefined
    if (this.waiting.size === 0) return
    this.begin()
    const end = this.until
    for (const page of [...this.waiting]) {
      const now = this.clock.now()
      if (now >= end) return
      this.until = Math.min(end, now + serverLimits.sliceMs)
      this.isSpent = false
      page.drain()
    }
  }
}

/** How many messages a page may send before it counts as fast. */
export class CallRate {
  private readonly perSecond: number
  private readonly burst: number
  private level: number
  private at: number | undefined

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.level = burst
  }

  /** Messages have come: whether the page is above its rate. */
  count(messages: number, now: number): boolean {
    const seconds = Math.max(0, now - (this.at ?? now)) / 1000
    this.at = now
    this.level = Math.max(-this.perSecond, Math.min(this.burst, this.level + seconds * this.perSecond) - messages)
    return this.level < 0
  }
}
