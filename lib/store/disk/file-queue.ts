/** Work on a file that another program may lock: runs at once, or in order as soon as the file is free. */
import type { Clock } from '../../base/clock.js'
import { processLimits } from '../../base/server-limits.js'

interface Work {
  attempt(): void
  readonly failed: (error: unknown) => void
  /** Milliseconds since the epoch. */
  readonly until: number
}

export class FileQueue {
  private readonly clock: Clock
  private readonly isBusy: (error: unknown) => boolean
  private waiting: Work[] = []
  private readonly idle: (() => void)[] = []

  /** `isBusy` recognises the error of a locked file. */
  constructor(clock: Clock, isBusy: (error: unknown) => boolean) {
    this.clock = clock
    this.isBusy = isBusy
  }

  do<T>(work: () => T): T | Promise<T> {
    if (this.waiting.length === 0) {
      try {
        return work()
      } catch (error) {
        if (!this.isBusy(error)) throw error
      }
    }
    return new Promise((done, failed) => {
      this.waiting.push({ attempt: () => done(work()), failed, until: this.clock.now() + processLimits.busyMs })
      if (this.waiting.length === 1) this.later()
    })
  }

  /** Resolves when no work waits. */
  async close(): Promise<void> {
    if (this.waiting.length > 0) await new Promise<void>((resolve) => this.idle.push(resolve))
  }

  private later(): void {
    this.clock.after(processLimits.busyAgainMs, () => this.again())
  }

  private again(): void {
    let ended = 0
    for (const { attempt, failed, until } of this.waiting) {
      try {
        attempt()
      } catch (error) {
        if (!this.isBusy(error)) failed(error)
        else if (this.clock.now() < until) break
        else failed(new Error(held, { cause: error }))
      }
      ended += 1
    }
    this.waiting = this.waiting.slice(ended)
    if (this.waiting.length > 0) return this.later()
    for (const tell of this.idle.splice(0)) tell()
  }
}

const held = `Another program has locked the file for ${processLimits.busyMs} ms. Close that program, for example a sqlite3 shell`
