/**
 * Bounds how long an asynchronous function of the author's may hold the lock. After that time the call fails with an error that
 * names the function, and its transaction releases the lock. The function may go on, and can change nothing any more.
 */
import { url as debuggerAt } from 'node:inspector'
import type { Clock } from '../base/clock.js'
import type { Watchdog } from '../base/watchdog.js'

export interface DeadlineCore {
  readonly clock: Clock
  readonly watchdog: Watchdog
}

export class Deadline {
  /** Why the function may change nothing any more. */
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

  /** Settles as `work` does, or rejects when the time is over or `signal` is aborted. */
  within<T>(work: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => this.fail(signal?.reason)
      const settle = () => {
        this.stop()
        this.core.watchdog.resumed(this)
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

  /** Starts the time again. */
  start(): void {
    this.stop()
    if (this.failure) return
    this.cancelTimer = this.core.clock.after(this.ms, () => {
      if (debuggerAt() === undefined) this.fail(this.late(this.name(), this.ms))
      else this.start() // somebody may look at a breakpoint
    })
  }

  /** Stops the time while the function waits for the store. */
  stop(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  /** Throws if the time is over. */
  check(): void {
    if (this.failure) throw this.failure
  }

  private fail(error: unknown): void {
    this.failure = error
    this.reject(error)
  }
}
