/**
 * Sessions with something to say. What happens within one turn of the event loop goes out as one message per tab, and a
 * tab whose state changes all the time gets one message per frame: the number of messages is the cost, not their size.
 */
import type { Clock } from '../base/clock.js'
import { handlerLimits } from '../base/server-limits.js'

export interface Flushable {
  /** When it sent last, in milliseconds of the clock. */
  sentAt: number
  /** It sends at the end of this turn. */
  scheduled: boolean
  /** It sends within a frame. */
  scheduledLater: boolean
  flush(): void
  close(): void
}

interface Owner {
  failSession(sender: Flushable, error: unknown): void
}

export class FlushScheduler {
  private readonly clock: Clock
  private readonly frameMs: number
  private readonly owner: Owner
  private thisTurn: Flushable[] = []
  /** When the first of these was added. */
  private turnBegan = 0
  private nextFrame = new Set<Flushable>()
  private cancelFrame = () => {}
  private readonly hurried = new Set<Flushable>()
  /** How much longer a frame is now than `frameMs`. */
  private extraMs = 0
  /** Milliseconds that sending took since `measuredAt`. */
  private sendingMs = 0
  private measuredAt = 0

  /** `owner` gets each sender that threw; the others go on. */
  constructor(clock: Clock, frameMs: number, owner: Owner) {
    this.clock = clock
    this.frameMs = frameMs
    this.owner = owner
  }

  /** Milliseconds of a frame. It is longer while sending takes more than its share of the time: fewer messages say the same. */
  get frame(): number {
    return this.frameMs + this.extraMs
  }

  /** Sends at the end of this turn. */
  add(sender: Flushable): void {
    if (sender.scheduled) return
    sender.scheduled = true
    if (this.thisTurn.length === 0) {
      this.turnBegan = this.clock.now()
      this.clock.turn(() => this.flush())
    }
    this.thisTurn.push(sender)
  }

  /** Sends within a frame, unless the sender has to before. */
  addLater(sender: Flushable): void {
    if (this.nextFrame.size === 0) this.cancelFrame = this.clock.after(this.frame, () => this.flushFrame())
    sender.scheduledLater = true
    this.nextFrame.add(sender)
  }

  /** Sends at the end of this turn what it would send later, in one piece; whether there is any. */
  hurry(sender: Flushable): boolean {
    if (!sender.scheduled && !sender.scheduledLater) return false
    this.add(sender)
    this.hurried.add(sender)
    return true
  }

  /** Sends all there is to send. */
  flush(): void {
    const senders = this.thisTurn
    this.thisTurn = []
    for (const sender of senders) sender.scheduled = false
    this.send(senders)
  }

  flushFrame(): void {
    this.cancelFrame()
    const senders = this.nextFrame
    this.nextFrame = new Set()
    for (const sender of senders) sender.scheduledLater = false
    this.send(senders)
  }

  /**
   * A frame begins when all have sent: where that takes longer than a frame, the work between gets one as well. Large states of many tabs are
   * sent over several turns.
   */
  private send(senders: Iterable<Flushable>): void {
    const began = this.clock.now()
    const end = began + handlerLimits.flushMs
    let isLate = false
    const done: Flushable[] = []
    for (const sender of senders) {
      if (isLate) {
        this.add(sender)
        continue
      }
      try {
        sender.flush()
      } catch (error) {
        this.owner.failSession(sender, error)
      }
      done.push(sender)
      isLate = this.clock.now() > end
    }
    const now = this.clock.now()
    this.measure(began, now)
    const isBusy = began - this.turnBegan > this.frameMs
    for (const sender of done) if (!this.hurried.delete(sender) || isBusy) sender.sentAt = now // else what follows in this turn need not wait
  }

  /** Makes frames as long as sending needs that is to take at most its share of the time, on average over a frame. */
  private measure(began: number, ended: number): void {
    this.sendingMs += ended - began
    const passed = ended - this.measuredAt
    if (passed < this.frame) return
    const needed = (this.frame * this.sendingMs) / passed / handlerLimits.sendingShare
    this.extraMs = Math.max(Math.min(needed, handlerLimits.longestFrameMs), this.frameMs) - this.frameMs
    this.sendingMs = 0
    this.measuredAt = ended
  }
}
