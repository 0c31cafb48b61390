/** A page that asks for the whole state again and again gets it now and then, and less and less often. */
import type { Clock } from '../base/clock.js'
import { processLimits } from '../base/server-limits.js'

interface AskingSession {
  /** The pages of its address ask too much. */
  isCrowded(now: number): boolean
  flushSoon(): void
}

export class Resync {
  private readonly clock: Clock
  private asked = false
  /** When it was sent last, in milliseconds of the clock. */
  private sentAt = Number.NEGATIVE_INFINITY
  /** Milliseconds from one to the next. */
  private pauseMs = 0
  private cancelTimer: (() => void) | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The page asks for the whole of it. */
  ask(): void {
    this.asked = true
  }

  /**
   * Gives true if it is to be sent now, and counts it as sent. Where it has to wait, `session.flushSoon` is called when it may be sent.
   */
  takeDue(session: AskingSession): boolean {
    if (!this.asked) return false
    const now = this.clock.now()
    const sinceMs = now - this.sentAt
    const waitMs = session.isCrowded(now) ? processLimits.resyncPauseMs : this.pauseMs - sinceMs
    if (waitMs > 0) {
      this.cancelTimer ??= this.clock.after(waitMs, () => {
        this.cancelTimer = undefined
        session.flushSoon()
      })
      return false
    }
    this.pauseMs = Math.max(processLimits.resyncPauseMs, Math.min(2 * this.pauseMs, processLimits.resyncLongestMs))
    if (sinceMs > 2 * processLimits.resyncLongestMs) this.pauseMs = processLimits.resyncPauseMs
    this.asked = false
    this.sentAt = now
    return true
  }

  close(): void {
    this.cancelTimer?.()
  }
}
