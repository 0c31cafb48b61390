/** Notices that a shared store has lost what it had acknowledged, and says so: a refused save alone looks as if another process had been faster. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { serverLimits } from '../base/server-limits.js'
import { taken } from '../store/errors.js'
import type { TokenRecord } from '../store/record.js'
import type { Ledger } from './coordinator.js'

export class Losses {
  private readonly ledger: Pick<Ledger, 'read'>
  private readonly clock: Pick<Clock, 'now'>
  private readonly log: Pick<Log, 'error'>
  private saidAt = Number.NEGATIVE_INFINITY

  constructor(ledger: Pick<Ledger, 'read'>, clock: Pick<Clock, 'now'>, log: Pick<Log, 'error'>) {
    this.ledger = ledger
    this.clock = clock
    this.log = log
  }

  /** A save of a token was refused, of which this process knows that `record` was kept. Rejects with `stale-write`. */
  async refused(token: string, { stored }: TokenRecord): Promise<never> {
    try {
      const kept = stored.revision === 0 ? undefined : await this.ledger.read(token)
      if ((kept?.revision ?? 0) < stored.revision) this.say()
    } catch {} // out of reach: that is said elsewhere
    throw taken()
  }

  /** One line for all tabs, now and then: who empties a store loses every one. */
  private say(): void {
    const now = this.clock.now()
    if (now - this.saidAt < serverLimits.logPauseMs) return
    this.saidAt = now
    this.log.error(
      'The store has lost state of tabs that it had acknowledged: it was flushed, restored from an older copy, or has evicted keys. Those tabs ' +
        'begin with first values. For a redis, set maxmemory-policy to noeviction, and flush no database that the app uses.',
    )
  }
}
