/**
 * Tasks whose author does not want them to go on without a tab: cancelled some time after the last page of it has gone, from
 * this process and from all others.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { fixedLimits } from '../base/server-limits.js'
import type { TaskPool } from './pool.js'
import type { TaskRun } from './run.js'

export interface AbandonedPorts {
  readonly clock: Clock
  readonly pool: Pick<TaskPool, 'of' | 'find' | 'cancelRuns'>
  /** Whether pages of a token are at this process. */
  isHere(token: string): boolean
  /** Milliseconds for which a token has had no page at any other process; `undefined` while one has. */
  aloneMs(token: string): Eventually<number | undefined>
}

/** Of one token: takes back the timers, by the ids of runs. */
type Timers = Map<string, () => void>

type Run = Pick<TaskRun, 'token' | 'id' | 'alone'>

export class Abandoned {
  private readonly ports: AbandonedPorts
  private readonly waiting = new Map<string, Timers>()
  private ended = false

  constructor(ports: AbandonedPorts) {
    this.ports = ports
  }

  /** The last page of a token has gone. */
  left(token: string): void {
    this.back(token)
    for (const run of this.ports.pool.of(token)) this.wait(run)
  }

  /** A run has begun, or goes on from another process. Where there is no page, one is given time to come. */
  began(run: Run): void {
    this.wait(run, fixedLimits.returnMs)
  }

  /** A page of the token is here again. */
  back(token: string): void {
    for (const cancelTimer of this.waiting.get(token)?.values() ?? []) cancelTimer()
    this.waiting.delete(token)
  }

  /** Waits for nobody any more. */
  end(): void {
    this.ended = true
    for (const token of [...this.waiting.keys()]) this.back(token)
  }

  private wait(run: Run, leastMs = 0): void {
    const { token, alone } = run
    if (this.ended || alone === undefined || this.ports.isHere(token)) return
    const timers: Timers = this.waiting.get(token) ?? new Map()
    this.waiting.set(token, timers)
    this.lookLater(run, alone, timers, Math.max(alone, leastMs))
  }

  private lookLater(run: Run, alone: number, timers: Timers, ms: number): void {
    timers.set(
      run.id,
      this.ports.clock.after(ms, () => this.look(run, alone, timers)),
    )
  }

  /** A tab that has gone from here may be elsewhere. Then it is looked for again: nobody is sure to say when it leaves. */
  private look(run: Run, alone: number, timers: Timers): void {
    const { token, id } = run
    const aloneMs = rescued(
      () => this.ports.aloneMs(token),
      () => undefined, // nobody could say
    )
    void after(aloneMs, (ms) => {
      if (this.waiting.get(token) !== timers) return
      const runs = this.ports.pool.find(token, id) !== undefined
      if (runs && ms === undefined) return this.lookLater(run, alone, timers, Math.max(alone, fixedLimits.returnMs))
      if (runs && ms !== undefined && ms < alone) return this.lookLater(run, alone, timers, alone - ms)
      timers.delete(id)
      if (timers.size === 0) this.waiting.delete(token)
      this.cancel(token, id)
    })
  }

  private cancel(token: string, id: string): void {
    const reason = new HeldStateError('task-cancelled', 'The task was cancelled, since its tab has gone.')
    void this.ports.pool.cancelRuns(token, [id], reason)
  }
}
