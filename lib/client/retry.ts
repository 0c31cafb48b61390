/**
 * When a lost connection is made again: after a delay that grows and is spread by chance, so that the tabs of a server that
 * was restarted do not come back all at once; never while the page is hidden or the browser has no network, and at once
 * when that is over.
 */
import type { Clock } from '../base/clock.js'
import type { ErrorCode } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import type { Refusal } from './refusal.js'

const { retryFirstMs, retryLongestMs } = pageLimits

/** Of the wait for the next attempt: how many have failed in a row, and when it comes (ms since the epoch). */
export interface Waiting {
  readonly attempt: number
  /** `null` while the page is hidden or the browser offline: it comes when that is over. */
  readonly nextRetryAt: number | null
  /** Why the server refused the last one, if it said so. */
  readonly reason?: ErrorCode
}

/** What a retry must know of the page it runs in. */
export interface Surroundings {
  /** Nobody looks, or there is no network. */
  asleep(): boolean
  /** Calls `wake` whenever that may be over; the returned function takes it back. */
  onWake(wake: () => void): () => void
}

export class Retry {
  private readonly clock: Clock
  /** From 0 up to, not including, 1. */
  private readonly chance: () => number
  private readonly surroundings: Surroundings
  private readonly connect: () => void
  private attempt = 0
  private spreadMs = 0
  private cancelTimer: (() => void) | undefined
  private stopListening: (() => void) | undefined

  constructor(clock: Clock, chance: () => number, surroundings: Surroundings, connect: () => void) {
    this.clock = clock
    this.chance = chance
    this.surroundings = surroundings
    this.connect = connect
  }

  /** The connection, or an attempt to make one, has failed; or the server refused it, and says when to come again. */
  failed(refusal?: Pick<Refusal, 'code' | 'retryAfterMs'>): Waiting {
    this.cancel()
    this.attempt += 1
    const why = { attempt: this.attempt, ...(refusal && { reason: refusal.code }) }
    this.stopListening ??= this.surroundings.onWake(() => this.woken())
    if (this.surroundings.asleep()) return { ...why, nextRetryAt: null }
    const backoff = Math.min(retryLongestMs, retryFirstMs * 2 ** (this.attempt - 1)) * (0.5 + this.chance())
    const asked = refusal ? refusal.retryAfterMs * (1 + this.chance()) : 0 // others were told the same
    const ms = Math.max(backoff, asked) + this.spreadMs * this.chance()
    this.spreadMs = 0
    this.cancelTimer = this.clock.after(ms, () => this.now())
    return { ...why, nextRetryAt: this.clock.now() + ms }
  }

  /** The connection will be closed, with many others: the next attempt comes up to `ms` later. */
  spread(ms: number): void {
    this.spreadMs = Math.min(ms, pageLimits.spreadMs)
  }

  /** There is a connection, which may close before the hub lets the page in. */
  connected(): void {
    this.stop()
  }

  succeeded(): void {
    this.attempt = 0
    this.stop()
  }

  /** Tries at once. */
  now(): void {
    this.cancel()
    this.connect()
  }

  stop(): void {
    this.cancel()
    this.stopListening?.()
    this.stopListening = undefined
  }

  private woken(): void {
    if (!this.surroundings.asleep()) this.now()
  }

  private cancel(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}

/** The page this code runs in; outside of a browser, one that never sleeps. */
export function thisPage(): Surroundings {
  const { document: page, navigator: browser } = globalThis as Partial<
    Pick<typeof globalThis, 'document' | 'navigator'>
  >
  if (!page) return { asleep: () => false, onWake: () => () => {} }
  return {
    asleep: () => page.visibilityState === 'hidden' || browser?.onLine === false,
    onWake: (wake) => {
      page.addEventListener('visibilitychange', wake)
      addEventListener('online', wake)
      addEventListener('pageshow', wake)
      return () => {
        page.removeEventListener('visibilitychange', wake)
        removeEventListener('online', wake)
        removeEventListener('pageshow', wake)
      }
    },
  }
}
