/** Work that must not be cut off: events, blocks, saves. `close()` waits for it, within a bound. */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { type Eventually, isPromise } from '../base/eventually.js'
import type { Log } from '../base/log.js'

export class InFlightWork {
  private works = 0
  private waiting: (() => void)[] = []
  private readonly settled = () => {
    this.works -= 1
    if (this.works === 0) this.tell()
  }

  track<T>(work: Eventually<T>): Eventually<T> {
    if (!isPromise(work)) return work
    this.works += 1
    work.then(this.settled, this.settled)
    return work
  }

  /** Resolves when all of it has settled, and what that has begun, or after `boundMs`. */
  async drained(clock: Clock, boundMs: number, log: Pick<Log, 'warn'>): Promise<void> {
    let late = false
    const cancelTimer = clock.after(boundMs, () => {
      late = true
      this.tell()
    })
    while (this.works > 0 && !late) await new Promise<void>((resolve) => this.waiting.push(resolve))
    cancelTimer()
    if (this.works > 0)
      log.warn(
        `${this.works} events or blocks were still running ${boundMs} ms after close(); their changes are not saved.`,
      )
  }

  private tell(): void {
    const { waiting } = this
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

export const closed = () =>
  new HeldStateError('hub-closed', 'The server is shutting down. The page reconnects when it is back.')
