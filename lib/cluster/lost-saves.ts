/** Detects that the shared store has lost acknowledged state. A refused save alone looks as if another process had taken the token over. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { logLimits } from '../base/server-limits.js'
import { ownershipLost } from '../store/errors.js'
import type { TokenRecord } from '../store/record.js'
import type { Coordinator } from './coordinator.js'

export class LostSaves {
  private readonly coordinator: Pick<Coordinator, 'read'>
  private readonly clock: Pick<Clock, 'now'>
  private readonly log: Pick<Log, 'error'>
  private reportedAt = Number.NEGATIVE_INFINITY

  constructor(coordinator: Pick<Coordinator, 'read'>, clock: Pick<Clock, 'now'>, log: Pick<Log, 'error'>) {
    this.coordinator = coordinator
    this.clock = clock
    this.log = log
  }

  /** A save was refused, and `record` was saved before it. Rejects with `stale-write`. */
  async onRefused(token: string, { stored }: TokenRecord): Promise<never> {
    try {
      const kept = stored.revision === 0 ? undefined : await this.coordinator.read(token)
      if ((kept?.revision ?? 0) < stored.revision) this.report()
    } catch {} // out of reach, which is reported elsewhere
    throw ownershipLost()
  }

  /** Logs at most one line a minute for all tabs, because a store that is flushed loses every tab. */
  private report(): void {
    const now = this.clock.now()
    if (now - this.reportedAt < logLimits.logPauseMs) return
    this.reportedAt = now
    this.log.error(
      'The store lost state that it had acknowledged: it was flushed, restored from an older copy, or evicted keys. The affected tabs start ' +
        "with first values. For Redis, set maxmemory-policy to noeviction, and do not flush the app's database.",
    )
  }
}
