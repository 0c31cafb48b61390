/** A lock that an author has taken for a block. In development, the log warns if `using` was forgotten. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'

const development = process.env.NODE_ENV !== 'production'

export interface UsingWatchCore {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

/** A block that `lock()` returned. `await using` asks for its disposal at once; `const` does not. */
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
    this.cancelTimer = core.clock.after(processLimits.lockHeldMs, () => this.say('still holds the lock'))
  }

  /** `await using` has asked for the block's disposal, or the lock is free. */
  done(): void {
    this.isDone = true
    this.cancelTimer()
  }

  /** Warns once. `what` says what the block does, as a clause. */
  say(what: string): void {
    if (this.isDone) return
    this.done()
    this.core.log.warn(
      `${this.where} called lock() without "using", so it ${what}. Write \`await using held = await lock()\` in its own block: the lock ` +
        'is released and the changes are saved at the end of the block.',
      this.line,
    )
  }
}

/** `undefined` in production. Call it in the function that the author calls, so that the trace names the author's line. */
export const lineHere = (): Error | undefined => (development ? new Error('It was called here.') : undefined)
