/**
 * One exclusive lock per token. Waiters are served in order by an async-mutex, which exists only while somebody waits: a
 * lock that nobody else wants is a single map entry, taken and given back without a promise.
 */
import { Mutex } from 'async-mutex'
import { assert } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'

/** The lock of one token, for as long as somebody holds it. */
interface Line {
  /** Made by the first waiter, locked on behalf of whoever holds the lock then. */
  mutex: Mutex | undefined
  waiting: number
}

export type Release = () => void

export class Locks {
  private readonly lines = new Map<string, Line>()
  private readonly clock: Clock
  private readonly limits: Limits

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock
    this.limits = limits
  }

  /** Tokens whose lock is held now. */
  get held(): number {
    return this.lines.size
  }

  /** Resolves with the function that gives the lock back. `signal` ends the waiting, with its reason. */
  acquire(token: string, signal?: AbortSignal): Release | Promise<Release> {
    const line = this.lines.get(token)
    if (line) return this.wait(token, line, signal)
    const free: Line = { mutex: undefined, waiting: 0 }
    this.lines.set(token, free)
    return this.releaseOf(token, free)
  }

  private async wait(token: string, line: Line, signal: AbortSignal | undefined): Promise<Release> {
    if (line.waiting >= this.limits.lockWaiters)
      throw new HeldStateError(
        'lock-queue-full',
        `${line.waiting} callers already wait for this tab's lock, the bound "lockWaiters". Nothing was changed; try again later.`,
      )
    if (!line.mutex) {
      line.mutex = new Mutex()
      void line.mutex.acquire() // on behalf of the holder; a free mutex is locked at once
    }
    line.waiting += 1
    const turn = line.mutex.acquire().then(() => {
      line.waiting -= 1
      return this.releaseOf(token, line)
    })
    return this.bounded(turn, signal)
  }

  /** A waiter that gives up still gets its turn, and passes it on. */
  private bounded(turn: Promise<Release>, signal: AbortSignal | undefined): Promise<Release> {
    return new Promise((resolve, reject) => {
      let waiting = true
      const giveUp = (error: unknown) => {
        waiting = false
        settle()
        reject(error)
      }
      const abort = () => giveUp(signal?.reason)
      const cancelTimer = this.clock.after(this.limits.lockWaitMs, () =>
        giveUp(
          new HeldStateError(
            'lock-timeout',
            `The lock was not free within ${this.limits.lockWaitMs} ms, the bound "lockWaitMs": a handler or block holds it. Do what takes long outside of it, in a background task. Nothing was changed.`,
          ),
        ),
      )
      const settle = () => {
        cancelTimer()
        signal?.removeEventListener('abort', abort)
      }
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      void turn.then((release) => {
        if (!waiting) return release()
        settle()
        resolve(release)
      })
    })
  }

  private releaseOf(token: string, line: Line): Release {
    let held = true
    return () => {
      assert(held, 'a lock is released once')
      held = false
      if (line.waiting > 0 && line.mutex) line.mutex.release()
      else this.lines.delete(token)
    }
  }
}
