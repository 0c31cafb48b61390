/**
 * Lets the event loop turn when code has run for long without it. A task that awaits only `update`, over a store in memory,
 * goes from promise to promise, and no timer, socket or other tab would ever get its turn.
 */
import type { Clock } from '../base/clock.js'
import type { Eventually } from '../base/eventually.js'
import { handlerLimits } from '../base/server-limits.js'

/** A step that waits for the event loop to turn. */
interface Waiting {
  readonly token: string | undefined
  readonly goOn: () => void
}

export class Turn {
  private readonly clock: Clock
  /** When the present stretch of promises began. */
  private since: number | undefined
  /** When `giveWayInTurn` was first called in this turn of the event loop. */
  private inTurnSince: number | undefined
  /** When a step asked last, in milliseconds of the clock. */
  askedAt = Number.NEGATIVE_INFINITY
  private waiting: Waiting[] = []
  /** How many waiting steps each token has. */
  private readonly waitingOf = new Map<string, number>()
  /** Steps that those which have just gone on may still take at once. */
  private steps = 0
  /** How many of the waiting steps have gone on. Each is taken out with others: it would move all that follow. */
  private gone = 0
  /** When the waiting steps began to go on. */
  private turnedAt = 0
  /** How many waiting steps went on together last, and when that was measured. */
  private together = 1
  private lookedAt = 0
  /** Steps that have called one another. */
  private depth = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /**
   * Undefined where the next step may follow at once; else done when the event loop has turned. Steps of a token keep their order. What goes
   * on takes some steps in a row: what it has at hand is warm, and its page is sent one message for all of them.
   */
  giveWay(token?: string): Promise<void> | undefined {
    const now = this.clock.now()
    this.askedAt = now
    if (this.waiting.length > 0) {
      if (this.steps === 0 || token === undefined || now - this.turnedAt >= handlerLimits.stretchMs)
        return this.next(token)
      if (this.waitingOf.has(token)) return this.next(token)
      this.steps -= 1
      return undefined
    }
    if (this.since === undefined) {
      this.since = now
      process.nextTick(this.onStretchOver) // not before the last promise of this stretch has gone on
      return undefined
    }
    return now - this.since < handlerLimits.stretchMs ? undefined : this.next(token)
  }

  /**
   * The same as `giveWay` for steps that take milliseconds, as a large welcome does. Node calls back once for each page that connects in a
   * turn of the event loop. So the time of the whole turn counts, and not the time of one stretch of promises.
   */
  giveWayInTurn(): Promise<void> | undefined {
    if (this.waiting.length > 0) return this.next()
    const now = this.clock.now()
    if (this.inTurnSince === undefined) {
      this.inTurnSince = now
      this.clock.turn(this.onTurnOver)
    }
    return now - this.inTurnSince < handlerLimits.stretchMs ? undefined : this.next()
  }

  /** Runs a step that may come from within another one, as a trigger does: no stack holds an endless chain of them. */
  step<T>(work: () => Eventually<T>): Eventually<T> {
    const turned = this.depth < handlerLimits.stepsInside ? this.giveWay() : this.next()
    if (turned) return turned.then(() => this.step(work))
    this.depth += 1
    try {
      return work()
    } finally {
      this.depth -= 1
    }
  }

  /** Done when the event loop has turned. */
  private next(token?: string): Promise<void> {
    if (this.waiting.length === 0) this.clock.turn(this.turned)
    if (token !== undefined) this.waitingOf.set(token, (this.waitingOf.get(token) ?? 0) + 1)
    return new Promise((goOn) => this.waiting.push({ token, goOn }))
  }

  private forgetGone(): void {
    this.waiting.splice(0, this.gone)
    this.gone = 0
  }

  /** A tick that is asked for by a promise comes when all promises have gone on. */
  private readonly promised = (): void => process.nextTick(this.wentOn)

  private readonly onTurnOver = (): void => {
    this.inTurnSince = undefined
  }

  private readonly onStretchOver = (): void => {
    this.since = undefined
  }

  private readonly turned = (): void => {
    this.turnedAt = this.clock.now()
    this.since = this.turnedAt
    this.lookedAt = this.turnedAt
    this.goOn(1)
  }

  /** Lets some waiting steps go on. A step can take microseconds, or write a large state. */
  private goOn(count: number): void {
    const end = Math.min(this.gone + count, this.waiting.length)
    for (; this.gone < end; this.gone += 1) this.release(this.waiting[this.gone] as Waiting)
    this.together = count
    this.steps = count * handlerLimits.stepsInRow
    if (end < this.waiting.length) {
      if (2 * this.gone > this.waiting.length) this.forgetGone()
      return queueMicrotask(this.promised)
    }
    this.forgetGone()
    process.nextTick(this.onStretchOver)
  }

  private release({ token, goOn }: Waiting): void {
    goOn()
    if (token === undefined) return
    const left = (this.waitingOf.get(token) ?? 1) - 1
    if (left === 0) this.waitingOf.delete(token)
    else this.waitingOf.set(token, left)
  }

  /** Lets the next steps go on until a stretch is over. The count doubles while steps take no measurable time. */
  private readonly wentOn = (): void => {
    const now = this.clock.now()
    const isQuick = now === this.lookedAt
    this.lookedAt = now
    if (now - this.turnedAt < handlerLimits.stretchMs)
      return this.goOn(isQuick ? Math.min(2 * this.together, handlerLimits.stepsInside) : 1)
    this.since = undefined
    this.steps = 0
    this.clock.turn(this.turned)
  }
}
