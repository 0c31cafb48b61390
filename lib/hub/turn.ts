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
  /** When a step asked last, in milliseconds of the clock. */
  askedAt = Number.NEGATIVE_INFINITY
  private waiting: (() => void)[] = []
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

  private readonly ended = (): void => {
    this.since = undefined
  }

  private readonly turned = (): void => {
    this.since = this.clock.now()
    this.goOn()
  }

  /** Lets those that wait go on, one after the other, for as long as a stretch may take: what each of them does is not known before. */
  private goOn(): void {
    this.waiting.shift()?.()
    // a tick that is asked for by a promise comes when all promises have gone on
    if (this.waiting.length > 0) queueMicrotask(() => process.nextTick(this.wentOn))
    else process.nextTick(this.ended)
  }

  private readonly wentOn = (): void => {
    if (this.clock.now() - (this.since ?? 0) < serverLimits.stretchMs) return this.goOn()
    this.since = undefined
    this.clock.turn(this.turned)
  }
}
