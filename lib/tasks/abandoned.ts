/**
 * Tasks whose author does not want them to go on without a tab: cancelled some time after the last page of it has gone, from
 * this process and from all others.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { fixedLimits } from '../base/limits.js'
import type { TaskPool } from './pool.js'
import type { TaskRun } from './run.js'

export interface AbandonedPorts {
  readonly clock: Clock
  readonly pool: TaskPool
  /** Whether pages of a token are at this process. */
  isHere(token: string): boolean
  /** Whether they are at another one. */
  isElsewhere(token: string): Eventually<boolean>
}

/** Of one token: takes back the timers, by the milliseconds that tasks are left alone. */
type Timers = Map<number, () => void>

export class Abandoned {
  private readonly ports: AbandonedPorts
  private readonly waiting = new Map<string, Timers>()

  constructor(ports: AbandonedPorts) {
    this.ports = ports
  }

  /** The last page of a token has gone. */
  left(token: string): void {
    this.back(token)
    for (const { alone } of this.ports.pool.of(token)) this.wait(token, alone)
  }

  /** A run has begun, or goes on from another process. Where there is no page, one is given time to come. */
  began({ token, alone }: Pick<TaskRun, 'token' | 'alone'>): void {
    this.wait(token, alone, fixedLimits.returnMs)
  }

  /** A page of the token is here again. */
  back(token: string): void {
    for (const cancelTimer of this.waiting.get(token)?.values() ?? []) cancelTimer()
    this.waiting.delete(token)
  }

  /** Waits for nobody any more. */
  end(): void {
    for (const token of [...this.waiting.keys()]) this.back(token)
  }

  private wait(token: string, alone: number | undefined, leastMs = 0): void {
    if (alone === undefined || this.ports.isHere(token)) return
    const timers: Timers = this.waiting.get(token) ?? new Map()
    this.waiting.set(token, timers)
    if (!timers.has(alone)) this.lookLater(token, timers, alone, Math.max(alone, leastMs))
  }

  private lookLater(token: string, timers: Timers, alone: number, ms: number): void {
    timers.set(
      alone,
      this.ports.clock.after(ms, () => this.look(token, timers, alone)),
    )
  }

  /** A tab that has gone from here may be elsewhere. Then it is looked for again: nobody is sure to say when it leaves. */
  private look(token: string, timers: Timers, alone: number): void {
    const isElsewhere = rescued(
      () => this.ports.isElsewhere(token),
      () => true, // nobody could say
    )
    void after(isElsewhere, (found) => {
      if (this.waiting.get(token) !== timers) return
      const runs = [...this.ports.pool.of(token)].some((run) => run.alone === alone)
      if (found && runs) return this.lookLater(token, timers, alone, Math.max(alone, fixedLimits.returnMs))
      timers.delete(alone)
      if (timers.size === 0) this.waiting.delete(token)
      this.cancel(token, alone)
    })
  }

  private cancel(token: string, alone: number): void {
    const reason = new HeldStateError('task-cancelled', 'The task was cancelled, since its tab has gone.')
    void this.ports.pool.cancel((run) => run.token === token && run.alone === alone, reason)
  }
}
