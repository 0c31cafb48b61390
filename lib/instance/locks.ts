/**
 * One exclusive lock per token. An async-mutex serves waiters in order, and exists only while there are any: a lock without
 * waiters is a flag, taken and released without a promise. The entry of a token stays until the token is forgotten, because
 * a map that is written for each event makes more garbage than the rest of a lock.
 */
import { Mutex } from 'async-mutex'
import { assert } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import type { CancelGuard } from './cancel-guard.js'
import { type Holder, nameOf, traceOf } from './lock-source.js'

/** The lock of one token. */
interface Line {
  held: boolean
  /** The token is no longer used. The line is deleted when the lock is free. */
  forgotten: boolean
  /** Made by the first waiter, locked on behalf of the holder of that moment. */
  mutex: Mutex | undefined
  waiting: number
  holder: Holder
  /** Since when the holder is known to hold the lock: since it took over from another holder, or since the first waiter came. */
  since: number | undefined
  /** Cancels the watch over a lock that is waited for. */
  unwatch: (() => void) | undefined
}

export type Release = () => void

export class Locks {
  private readonly lines = new Map<string, Line>()
  private readonly clock: Clock
  private readonly limits: Limits
  private readonly log: Log

  constructor(clock: Clock, limits: Limits, log: Log) {
    this.log = log
    this.clock = clock
    this.limits = limits
  }

  /** Tokens whose lock is held now. */
  get held(): number {
    return [...this.lines.values()].filter(({ held }) => held).length
  }

  /** Tokens that were not forgotten. */
  get size(): number {
    return this.lines.size
  }

  /** The token is no longer used. The holder of its lock keeps it, and waiters still get their turn. */
  forget(token: string): void {
    const line = this.lines.get(token)
    if (line?.held) line.forgotten = true
    else this.lines.delete(token)
  }

  /**
   * Resolves with the function that releases the lock. The signal of `caller` aborts the wait, with its reason. It is asked for by a caller that has to
   * wait alone: a task makes its signal when it is needed. `holder` is named in the error of a caller that waits too long.
   */
  acquire(token: string, caller?: Pick<CancelGuard, 'signal'>, holder?: Holder): Release | Promise<Release> {
    const line = this.lines.get(token) ?? this.lineOf(token)
    line.forgotten = false
    if (line.held) return this.wait(token, line, caller?.signal, holder)
    line.held = true
    line.holder = holder
    return this.releaseOf(token, line)
  }

  private lineOf(token: string): Line {
    const line: Line = {
      held: false,
      forgotten: false,
      mutex: undefined,
      waiting: 0,
      holder: undefined,
      since: undefined,
      unwatch: undefined,
    }
    this.lines.set(token, line)
    return line
  }

  private async wait(token: string, line: Line, signal: AbortSignal | undefined, holder: Holder): Promise<Release> {
    if (line.waiting >= this.limits.lockWaiters)
      throw new HeldStateError(
        'lock-queue-full',
        `${line.waiting} callers are already waiting for the lock of this tab (limit "lockWaiters"). Nothing was changed. Try again later.`,
      )
    if (!line.mutex) {
      line.mutex = new Mutex()
      void line.mutex.acquire() // on behalf of the holder; a free mutex is locked at once
    }
    line.waiting += 1
    line.since ??= this.clock.now()
    this.watch(token, line)
    const turn = line.mutex.acquire().then(() => {
      line.waiting -= 1
      line.holder = holder
      line.since = this.clock.now()
      if (line.waiting > 0) this.watch(token, line)
      return this.releaseOf(token, line)
    })
    return this.bounded(turn, line, signal)
  }

  /** A waiter that gives up still gets its turn, and passes it on. */
  private bounded(turn: Promise<Release>, line: Line, signal: AbortSignal | undefined): Promise<Release> {
    return new Promise((resolve, reject) => {
      let waiting = true
      const giveUp = (error: unknown) => {
        waiting = false
        settle()
        reject(error)
      }
      const abort = () => giveUp(signal?.reason)
      const cancelTimer = this.clock.after(this.limits.lockWaitMs, () => giveUp(this.timeout(line)))
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

  private timeout(line: Line): HeldStateError {
    const { lockWaitMs } = this.limits
    return new HeldStateError(
      'lock-timeout',
      `The lock was not free within ${lockWaitMs} ms (limit "lockWaitMs"): ${this.holding(line)}. ${wayOut} Nothing was changed.`,
      { cause: traceOf(line.holder) },
    )
  }

  private holding({ holder, since = this.clock.now() }: Line): string {
    return `${nameOf(holder)} has held it for at least ${this.clock.now() - since} ms`
  }

  /** Warns who holds a lock that is waited for, after some seconds: a block of a task may hold it for ever. */
  private watch(token: string, line: Line): void {
    if (line.unwatch) return
    line.unwatch = this.clock.after(processLimits.lockHeldMs, () => {
      this.log.warn(
        `A caller is waiting for the lock ${inTab(token)}: ${this.holding(line)}. ${wayOut}`,
        traceOf(line.holder),
      )
    })
  }

  private releaseOf(token: string, line: Line): Release {
    let held = true
    return () => {
      assert(held, 'a lock is released once')
      held = false
      line.unwatch?.()
      line.unwatch = undefined
      if (line.waiting > 0 && line.mutex) line.mutex.release()
      else this.free(token, line)
    }
  }

  private free(token: string, line: Line): void {
    line.held = false
    line.mutex = undefined
    line.holder = undefined
    line.since = undefined
    if (line.forgotten) this.lines.delete(token)
  }
}

const wayOut = 'Move slow work out of the lock, into a background task.'
