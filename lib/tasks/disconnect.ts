/**
 * Cancels the tasks that are not to go on without a page (`onDisconnect`), once their token has had no page in any process for
 * the grace that their author chose.
 */
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import type { TasksCore } from './core.js'
import type { TaskPool } from './pool.js'
import type { TaskRun } from './run.js'

/** The timers of one token: functions that stop them, by id of the run. */
type Timers = Map<string, () => void>

export class DisconnectPolicy {
  private readonly core: TasksCore
  private readonly pool: Pick<TaskPool, 'of' | 'find'>
  private readonly cancel: (run: TaskRun, reason: HeldStateError) => void
  private readonly timers = new Map<string, Timers>()
  private isStopped = false

  constructor(
    core: TasksCore,
    pool: Pick<TaskPool, 'of' | 'find'>,
    cancel: (run: TaskRun, reason: HeldStateError) => void,
  ) {
    this.core = core
    this.pool = pool
    this.cancel = cancel
  }

  /** The last page of a token has gone, from this process or from another. */
  onLastPageLeft(token: string): void {
    this.onPageBack(token)
    for (const run of this.pool.of(token)) this.watch(run)
  }

  /** A run has begun, or goes on after another process. A token without a page gets time for its page to come. */
  onRunStarted(run: TaskRun): void {
    this.watch(run, processLimits.disconnectRecheckMs)
  }

  /** A page of the token has connected. */
  onPageBack(token: string): void {
    for (const cancelTimer of this.timers.get(token)?.values() ?? []) cancelTimer()
    this.timers.delete(token)
  }

  stop(): void {
    this.isStopped = true
    for (const token of [...this.timers.keys()]) this.onPageBack(token)
  }

  private watch(run: TaskRun, leastMs = 0): void {
    const { token } = run
    const graceMs = run.spec.disconnectGraceMs
    if (this.isStopped || graceMs === undefined || this.core.instance(token).watchers.size > 0) return
    const timers: Timers = this.timers.get(token) ?? new Map()
    this.timers.set(token, timers)
    this.checkLater(run, graceMs, timers, Math.max(graceMs, leastMs))
  }

  private checkLater(run: TaskRun, graceMs: number, timers: Timers, ms: number): void {
    timers.set(
      run.id,
      this.core.clock.after(ms, () => this.check(run, graceMs, timers)),
    )
  }

  /** A page may be in another process. That process may die before it can say that the page left, so this one asks again. */
  private check(run: TaskRun, graceMs: number, timers: Timers): void {
    const { token, id } = run
    void after(this.unattendedMs(token), (ms) => {
      if (this.timers.get(token) !== timers) return
      const now = this.pool.find(token, id)
      if (now && ms === undefined)
        return this.checkLater(run, graceMs, timers, Math.max(graceMs, processLimits.disconnectRecheckMs))
      if (now && ms !== undefined && ms < graceMs) return this.checkLater(run, graceMs, timers, graceMs - ms)
      timers.delete(id)
      if (timers.size === 0) this.timers.delete(token)
      if (now)
        this.cancel(now, new HeldStateError('task-cancelled', 'The task was cancelled because its tab was closed.'))
    })
  }

  /** `undefined` while the token has a page elsewhere, or while that is unknown because the store cannot be asked. */
  private unattendedMs(token: string): Eventually<number | undefined> {
    return rescued(
      () => this.core.nodes.unattendedMs(token),
      () => undefined,
    )
  }
}
