/** A lock that an author has taken for a block: said in the log, in development alone, where `using` was forgotten. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'

const development = process.env.NODE_ENV !== 'production'

export interface UsingWatchCore {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

/** A block that was given out by `lock()`. `await using` looks for its end at once; who writes `const` has forgotten it. */
export class UsingWatch {
  private readonly core: UsingWatchCore
  private readonly where: string
  private readonly line: Error
  private readonly cancelTimer: () => void
  private isDone = false

  constructor(core: UsingWatchCore, where: string, line: Error) {
    this.core = core
    this.where = where
    this.line = line
    this.cancelTimer = core.clock.after(fixedLimits.lockHeldMs, () => this.say('still holds the lock'))
  }

  /** Its end was looked for, or the lock is free. */
  done(): void {
    this.isDone = true
    this.cancelTimer()
  }

  /** `what` it does, for people. */
  say(what: string): void {
    if (this.isDone) return
    this.done()
    this.core.log.warn(
      `${this.where} took the lock by lock() without "using", so it ${what}. Write \`await using held = await lock()\` in a block of its own: the lock ` +
        'is given back at the end of the block, and what was changed is saved.',
      this.line,
    )
  }
}

/** `undefined` in production. To be called in the function that the author calls: the trace names the caller's line. */
export const lineHere = (): Error | undefined => (development ? new Error('This is where it was called.') : undefined)
