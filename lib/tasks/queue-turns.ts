/** Begins the starts that wait, each in its turn. The saved list of runs says whose turn it is, over all processes. */
import { promised } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { unguarded } from '../instance/cancel-guard.js'
import { noAuthor, transact } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { isStale } from '../store/errors.js'
import type { RunningTask } from '../store/store.js'
import type { TasksCore } from './core.js'
import type { TaskPool } from './pool.js'
import { isFirst } from './queue.js'
import { startRecord } from './start-record.js'
import type { TaskStart, WaitingStart } from './task-start.js'
import type { TriggerJoins } from './trigger-joins.js'

export interface TurnSteps {
  /** Whether a start is saved before its task begins. */
  isSaved(start: TaskStart): boolean
  begin(start: TaskStart): void
}

export class QueueTurns {
  private readonly core: TasksCore
  private readonly pool: Pick<TaskPool, 'queue' | 'stopping'>
  private readonly joins: Pick<TriggerJoins, 'removeMet'>
  private readonly steps: TurnSteps
  /** Ids of runs whose turn is being saved. */
  private readonly saving = new Set<string>()
  /** Timers of tokens of which a turn could not be saved. */
  private readonly retries = new Map<string, () => void>()

  constructor(
    core: TasksCore,
    pool: Pick<TaskPool, 'queue' | 'stopping'>,
    joins: Pick<TriggerJoins, 'removeMet'>,
    steps: TurnSteps,
  ) {
    this.core = core
    this.pool = pool
    this.joins = joins
    this.steps = steps
  }

  /** A start waits from now on, unless it was cancelled while it was saved. */
  add(start: WaitingStart): void {
    const { core, pool } = this
    const { runs } = core.instance(start.token)
    if (!this.steps.isSaved(start)) runs.setLocal(startRecord(start, core.nodes.node))
    else if (!runs.isHere(start.saved.run)) return
    pool.queue.add(start)
    this.advance(start.token)
  }

  /**
   * Begins the starts whose turn it is. A turn is saved only while the state is known here: a token that another process has taken
   * over is not claimed back for it, except with `isDue`.
   */
  advance(token: string, isDue = false): void {
    const { core, pool } = this
    if (core.isClosing) return
    const { runs, known } = core.instance(token)
    if (core.nodes.shared || pool.queue.has(token)) this.joins.removeMet(token, runs.running())
    for (const start of pool.queue.of(token)) {
      const { run } = start.saved
      if (!runs.isHere(run)) pool.queue.take(token, run)
      else if (!this.isTurn(start, runs.running())) continue
      else if (!this.steps.isSaved(start)) this.begin(start)
      else if (known || isDue) this.saveTurn(start)
    }
  }

  stop(): void {
    for (const cancelTimer of this.retries.values()) cancelTimer()
  }

  private isTurn({ token, definition, task, saved }: WaitingStart, runs: readonly RunningTask[]): boolean {
    const record = runs.find(({ run }) => run === saved.run)
    return record !== undefined && isFirst(record, runs) && this.pool.stopping(token, definition, task) === undefined
  }

  private begin(start: WaitingStart): void {
    const { token, saved, definition, task, declaration } = start
    const { registry } = this.core
    if (!this.pool.queue.take(token, saved.run)) return
    const newest = registry.has(definition) ? registry.get(definition).members.tasks.get(task) : undefined // an edit may have replaced it
    const { run, attempt, durable } = saved
    const started = this.core.clock.now()
    this.steps.begin({ ...start, declaration: newest ?? declaration, saved: { run, attempt, durable, started } })
  }

  /** Other processes must know that the run goes on before it does. */
  private saveTurn(start: WaitingStart): void {
    const { token, saved } = start
    const { core } = this
    const work = (transaction: Transaction) => {
      const record = transaction.running.find(({ run }) => run === saved.run)
      if (!record || !this.isTurn(start, transaction.running)) return false
      const { waits, joins, ...begun } = record
      transaction.addRun({ ...begun, started: core.clock.now() })
      return true
    }
    this.once(saved.run, async () => {
      try {
        if (await promised(() => transact(core, token, unguarded, noAuthor, work))) this.begin(start)
      } catch (error) {
        if (isStale(error)) return
        core.report(token, error)
        if (!core.isClosing) this.retryLater(token)
      }
    })
  }

  private retryLater(token: string): void {
    if (this.retries.has(token)) return
    const retry = () => {
      this.retries.delete(token)
      this.advance(token, true)
    }
    this.retries.set(token, this.core.clock.after(processLimits.saveAgainMs, retry))
  }

  private once(run: string, work: () => Promise<void>): void {
    if (this.saving.has(run)) return
    this.saving.add(run)
    void this.core.lockScope.outside(() => this.core.tracked(work().finally(() => this.saving.delete(run))))
  }
}
