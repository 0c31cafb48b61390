/**
 * For how long a function of the author's that waits for something may hold the lock. When it is over, the function fails by
 * name, and its transaction gives the lock back; what it does later changes nothing.
 */
import { url as debuggerAt } from 'node:inspector'
import type { Clock } from '../base/clock.js'
import type { Watchdog } from '../base/watchdog.js'

export interface DeadlineCore {
  readonly clock: Clock
  readonly watchdog: Watchdog
}

export class Deadline {
  /** Why it may do nothing more. */
  failure: unknown
  private readonly core: DeadlineCore
  private readonly ms: number
  /** Names the function, for people. */
  readonly name: () => string
  private readonly late: (name: string, ms: number) => Error
  private cancelTimer: (() => void) | undefined
  private reject: (error: unknown) => void = () => {}

  constructor(core: DeadlineCore, ms: number, name: () => string, late: (name: string, ms: number) => Error) {
    this.core = core
    this.ms = ms
    this.name = name
    this.late = late
  }

  /** What `work` comes to, if it does before it is late or `signal` is aborted. */
  within<T>(work: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => this.fail(signal?.reason)
      const settle = () => {
        this.stop()
        this.core.watchdog.ended(this)
        signal?.removeEventListener('abort', abort)
      }
      this.reject = (error) => {
        settle()
        reject(error)
      }
      this.start()
      this.core.watchdog.waits(this)
      signal?.addEventListener('abort', abort, { once: true })
      work.then(
        (value) => {
          settle()
          resolve(value)
        },
        (error) => {
          settle()
          reject(error)
        },
      )
      if (signal?.aborted) abort()
    })
  }

  /** Its time begins again. */
  start(): void {
    this.stop()
    if (this.failure) return
    this.cancelTimer = this.core.clock.after(this.ms, () => {
      if (debuggerAt() === undefined) this.fail(this.late(this.name(), this.ms))
      else this.start() // somebody may look at a breakpoint
    })
  }

  /** It waits for what is not its own work. */
  stop(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  /** Throws if it is over. */
  check(): void {
    if (this.failure) throw this.failure
  }

  private fail(error: unknown): void {
    this.failure = error
    this.reject(error)
  }
}
