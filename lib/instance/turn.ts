/**
 * For how long code has run without letting the event loop turn. A task that waits for nothing but `update` over a store in
 * memory goes from promise to promise, and no timer, socket or other tab would ever get its turn.
 */
import type { Clock } from '../base/clock.js'
import type { Eventually } from '../base/eventually.js'
import { serverLimits } from '../base/server-limits.js'

export class Turn {
  private readonly clock: Clock
  /** When the present stretch of promises was seen first. */
  private since: number | undefined
  /** When somebody asked first for `giveWayInTurn` in this turn of the event loop. */
  private inTurnSince: number | undefined
  /** When a step asked last, in milliseconds of the clock. */
  askedAt = Number.NEGATIVE_INFINITY
  private waiting: (() => void)[] = []
  /** When those that waited began to go on. */
  private turnedAt = 0
  /** How many went on together last, and when that was looked at. */
  private together = 1
  private lookedAt = 0
  /** Steps that have called one another. */
  private depth = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Undefined where the next step may follow at once; else done when the event loop has turned. Steps keep their order. */
  giveWay(): Promise<void> | undefined {
    if (this.waiting.length === 0) {
      const now = this.clock.now()
      this.askedAt = now
      if (this.since === undefined) {
        this.since = now
        process.nextTick(this.ended) // not before the last promise of this stretch has gone on
        return undefined
      }
      if (now - this.since < serverLimits.stretchMs) return undefined
    }
    return this.next()
  }

  /**
   * The same for what takes milliseconds, as a large welcome does. Pages that come together are heard in one turn of the event loop, each by a
   * callback of its own; so the time of the whole turn counts, and not that of a stretch.
   */
  giveWayInTurn(): Promise<void> | undefined {
    if (this.waiting.length > 0) return this.next()
    const now = this.clock.now()
    if (this.inTurnSince === undefined) {
      this.inTurnSince = now
      this.clock.turn(this.inTurnEnded)
    }
    return now - this.inTurnSince < serverLimits.stretchMs ? undefined : this.next()
  }

  /** Runs a step that may come from within another one, as a trigger does: no stack holds an endless chain of them. */
  step<T>(work: () => Eventually<T>): Eventually<T> {
    const turned = this.depth < serverLimits.stepsInside ? this.giveWay() : this.next()
    if (turned) return turned.then(() => this.step(work))
    this.depth += 1
    try {
      return work()
    } finally {
      this.depth -= 1
    }
  }

  /** Done when the event loop has turned. */
  private next(): Promise<void> {
    if (this.waiting.length === 0) this.clock.turn(this.turned)
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private readonly inTurnEnded = (): void => {
    this.inTurnSince = undefined
  }

  private readonly ended = (): void => {
    this.since = undefined
  }

  private readonly turned = (): void => {
    this.turnedAt = this.clock.now()
    this.since = this.turnedAt
    this.lookedAt = this.turnedAt
    this.goOn(1)
  }

  /** Lets some of those that wait go on. What they do is not known before: one can take microseconds, or write a large state. */
  private goOn(count: number): void {
    for (const resolve of this.waiting.splice(0, count)) resolve()
    this.together = count
    // a tick that is asked for by a promise comes when all promises have gone on
    if (this.waiting.length > 0) queueMicrotask(() => process.nextTick(this.wentOn))
    else process.nextTick(this.ended)
  }

  /** The next ones, for as long as a stretch may take: more of them at once while they take no time that can be measured. */
  private readonly wentOn = (): void => {
    const now = this.clock.now()
    const isQuick = now === this.lookedAt
    this.lookedAt = now
    if (now - this.turnedAt < serverLimits.stretchMs)
      return this.goOn(isQuick ? Math.min(2 * this.together, serverLimits.stepsInside) : 1)
    this.since = undefined
    this.clock.turn(this.turned)
  }
}
