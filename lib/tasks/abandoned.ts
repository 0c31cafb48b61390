/** Tasks whose author does not want them to go on without a tab: cancelled some time after the last one has gone. */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import type { TaskPool } from './pool.js'

export class Abandoned {
  private readonly clock: Clock
  private readonly pool: TaskPool
  private readonly waiting = new Map<string, (() => void)[]>()

  constructor(clock: Clock, pool: TaskPool) {
    this.clock = clock
    this.pool = pool
  }

  /** The last tab of a token has gone. */
  left(token: string): void {
    this.back(token)
    const spans = new Set([...this.pool.of(token)].map(({ alone }) => alone))
    const timers = [...spans].flatMap((ms) =>
      ms === undefined ? [] : [this.clock.after(ms, () => this.cancel(token, ms))],
    )
    if (timers.length > 0) this.waiting.set(token, timers)
  }

  /** A tab of the token is here again. */
  back(token: string): void {
    for (const cancelTimer of this.waiting.get(token) ?? []) cancelTimer()
    this.waiting.delete(token)
  }

  /** Waits for nobody any more. */
  end(): void {
    for (const token of [...this.waiting.keys()]) this.back(token)
  }

  private cancel(token: string, ms: number): void {
    const reason = new HeldStateError('task-cancelled', 'The task was cancelled, since its tab has gone.')
    void this.pool.cancel((run) => run.token === token && run.alone !== undefined && run.alone <= ms, reason)
  }
}
