/** How fast an address may open new tabs. Pages that come back with their token are free. */
import { Buckets } from '../base/buckets.js'
import type { Clock } from '../base/clock.js'
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import { newToken } from '../instance/token.js'
import type { Connection } from './connection.js'

export class NewTabs {
  private readonly clock: Clock
  private readonly buckets: Buckets
  private readonly burst: number

  constructor(clock: Clock, { newTabsPerSecond: perSecond, newTabsBurst: burst }: Limits) {
    this.clock = clock
    this.burst = burst
    this.buckets = new Buckets(clock, { perSecond, burst })
  }

  /** The token of a new tab. Throws `too-many-tabs` if its address opens them too fast; one that is not known does not count. */
  token({ address }: Pick<Connection, 'address'>): string {
    this.take(address, 1)
    return newToken(this.clock)
  }

  /** A new tab begins as a copy of so many bytes, which is written to the store: it counts as many. Throws as well. */
  copy({ address }: Pick<Connection, 'address'>, bytes: number): void {
    this.take(address, Math.min(this.burst, bytes / crowdLimits.bytesOfNewTab))
  }

  private take(address: string | undefined, amount: number): void {
    const afterMs = address === undefined ? 0 : this.buckets.take(address, amount)
    if (afterMs === 0) return
    const message = 'Too many new tabs from this address. The page retries automatically.'
    throw new HeldStateError('too-many-tabs', message, { afterMs })
  }
}

/** The tab may be opened later. */
export const isTooFast = (error: unknown): error is HeldStateError =>
  isHeldStateError(error) && error.code === 'too-many-tabs'
