/**
 * Triggers that meet a run under way. Between the last look of a run at the state and its end, a handler can change the state and
 * return the trigger again. If that trigger only joined the run, no run would see the change; so the task runs once more.
 */
import type { HeldStateError } from '../base/errors.js'
import { type Eventually, promised, rescued } from '../base/eventually.js'
import { diff } from '../delta/diff.js'
import { unguarded } from '../instance/cancel-guard.js'
import { noAuthor, transact } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import type { RunningTask } from '../store/store.js'
import type { TasksCore } from './core.js'
import type { TaskPool } from './pool.js'
import { isSameTask } from './queue.js'
import type { TaskRun } from './run.js'
import type { StartDecision } from './start-policy.js'
import type { JoinedRun, SavedRun, TaskStart } from './task-start.js'

export class TriggerJoins {
  private readonly core: TasksCore
  private readonly pool: Pick<TaskPool, 'find'>
  private readonly start: (start: TaskStart) => Eventually<unknown>
  /** The last trigger that came with a change which the run has not seen, by run. */
  private readonly unseen = new Map<TaskRun, { readonly start: TaskStart; readonly looks: number }>()
  /** Ids of saved triggers that are being removed from the list of runs. */
  private readonly removing = new Set<string>()

  constructor(core: TasksCore, pool: Pick<TaskPool, 'find'>, start: (start: TaskStart) => Eventually<unknown>) {
    this.core = core
    this.pool = pool
    this.start = start
  }

  /**
   * Decides about a trigger that `decideStart` lets join or refuses, among the `runs` of its token. With `isSaved`, the trigger
   * is an entry of that list until the run has looked at the state. Throws if the trigger may not start.
   */
  meet(
    start: TaskStart,
    runs: readonly RunningTask[],
    decision: StartDecision & { readonly name: 'join' | 'refuse' },
    turn: () => SavedRun,
    isSaved: boolean,
  ): TaskStart | undefined {
    if (decision.name === 'join' && decision.run.waits !== undefined) return undefined // begins later, and sees the change
    const error = decision.name === 'refuse' ? decision.error : undefined
    if (!error && isSaved) {
      const isListed = runs.some((run) => run.joins && isSameTask(run, start))
      return isListed ? undefined : { ...start, saved: { ...turn(), joins: true } }
    }
    const refused = start.declaration.again === 'reject' ? undefined : error
    const run = this.pool.find(start.token, decision.run.run)
    if (run) return { ...start, joins: { run, looks: run.looks, refused } }
    if (refused) throw refused
    return undefined
  }

  /** A trigger joins a run of this process. The change that it came with is saved. */
  join(start: TaskStart, { run, looks, refused }: JoinedRun): void {
    const { core } = this
    if (refused) return void core.lockScope.outside(() => core.tracked(this.refuse(start, run, looks, refused)))
    if (run.looks !== looks || !this.hasNews(run)) return
    if (this.pool.find(run.token, run.id) === run) this.unseen.set(run, { start, looks })
    else this.startAgain(start)
  }

  /** Reports the refusal, unless the run finishes just now: then the task starts again. */
  private async refuse(start: TaskStart, run: TaskRun, looks: number, refused: HeldStateError): Promise<void> {
    do {
      await run.savesSettled()
      await new Promise<void>((resolve) => this.core.clock.turn(resolve))
    } while (run.isRunning && run.looks === looks && run.isSaving)
    if (run.looks === looks && isOver(run)) this.startAgain(start)
    else if (run.isOpen) this.core.report(start.token, refused)
  }

  /** Starts the task once more for a trigger that came after the last look of the run at the state. */
  onSettled(run: TaskRun): void {
    const joined = this.unseen.get(run)
    this.unseen.delete(run)
    if (joined && joined.looks === run.looks && isOver(run)) this.startAgain(joined.start)
  }

  private startAgain(start: TaskStart): void {
    const { core } = this
    const report = (error: unknown) => core.report(start.token, error)
    void core.lockScope.outside(() => core.tracked(rescued(() => this.start({ ...start, joins: undefined }), report)))
  }

  /** Whether the state has changed since the run saw it last. A run that never looks misses nothing. */
  private hasNews(run: TaskRun): boolean {
    const { state } = this.core.instance(run.token).newest
    return run.looks > 0 && run.seen !== state && diff(run.seen, state).length > 0
  }

  /** Removes saved triggers that have met a run of this process for which the state has nothing new. */
  removeMet(token: string, runs: readonly RunningTask[]): void {
    for (const trigger of runs) {
      const met = trigger.joins && runs.find((run) => run.waits === undefined && isSameTask(run, trigger))
      const run = met ? this.pool.find(token, met.run) : undefined
      if (run?.isRunning && !this.removing.has(trigger.run) && !this.hasNews(run)) this.remove(token, trigger.run)
    }
  }

  private remove(token: string, id: string): void {
    const { core } = this
    this.removing.add(id)
    const work = (transaction: Transaction) => transaction.removeRun(id)
    const saving = promised(() => transact(core, token, unguarded, noAuthor, work))
      .catch((error) => core.report(token, error))
      .finally(() => this.removing.delete(id))
    void core.lockScope.outside(() => core.tracked(saving))
  }
}

/** Whether the run has finished by itself, and is tried again neither here nor in another process. */
const isOver = ({ isFinishing, phase }: TaskRun): boolean =>
  isFinishing && phase.name !== 'cancelled' && !(phase.name === 'failed' && phase.reason.code === 'stale-write')
