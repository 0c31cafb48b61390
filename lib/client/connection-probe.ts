/**
 * Whether a connection that stands still leads anywhere. A phone that slept, a cable that was pulled, a network that changed:
 * nobody says so to a socket, and its own pings take most of a minute. So the page asks when there is reason to doubt,
 * and when nothing comes for a while after it has sent something.
 */
import type { Clock } from '../base/clock.js'
import { pageLimits } from '../base/limits.js'

const { lineSilenceMs, lineSilenceLongestMs, lineAnswerMs } = pageLimits

export class ConnectionProbe {
  private readonly clock: Pick<Clock, 'now' | 'after'>
  private readonly ask: (answered: () => void) => void
  private readonly lost: () => void
  /** When something was sent first since the page has heard anything, in milliseconds of the clock. */
  private sentAt: number | undefined
  private silenceMs: number = lineSilenceMs
  private cancelLook: (() => void) | undefined
  /** Takes back what counts the time for an answer. */
  private cancelLoss: (() => void) | undefined

  /** `ask` sends a question, and calls its argument when the answer comes; `lost` closes the connection. */
  constructor(clock: Pick<Clock, 'now' | 'after'>, ask: (answered: () => void) => void, lost: () => void) {
    this.clock = clock
    this.ask = ask
    this.lost = lost
  }

  /** Something was sent that is answered sooner or later. */
  sent(): void {
    this.sentAt ??= this.clock.now()
    this.cancelLook ??= this.clock.after(this.silenceMs, () => this.look())
  }

  /** Something came. */
  heard(): void {
    this.sentAt = undefined
    if (this.silenceMs > lineSilenceMs) this.lookNoMore()
    this.silenceMs = lineSilenceMs
    this.cancelLoss?.()
    this.cancelLoss = undefined
  }

  /** Asks now, unless it does already. */
  doubt(): void {
    if (this.cancelLoss) return
    this.cancelLoss = this.clock.after(lineAnswerMs, () => {
      this.close()
      this.lost()
    })
    this.ask(() => this.answered())
  }

  /** The connection is closed. */
  close(): void {
    this.heard()
    this.lookNoMore()
  }

  private lookNoMore(): void {
    this.cancelLook?.()
    this.cancelLook = undefined
  }

  private look(): void {
    this.cancelLook = undefined
    if (this.sentAt === undefined) return
    const silentMs = this.clock.now() - this.sentAt
    if (silentMs >= this.silenceMs) this.doubt()
    else this.cancelLook = this.clock.after(this.silenceMs - silentMs, () => this.look())
  }

  /** The line stands, and what was sent takes longer: asks again, less and less often. */
  private answered(): void {
    const { sentAt, silenceMs } = this
    this.heard()
    if (sentAt === undefined) return
    this.silenceMs = Math.min(2 * silenceMs, lineSilenceLongestMs)
    this.sent()
  }
}
