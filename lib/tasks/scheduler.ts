/**
 * The background tasks of a process: starts, cancels, takeovers, and what is saved of them. This class only directs. The way of a cancel:
 * - `cancel` stops what this process has: waiting starts in `starter`, and runs in `pool`, where `TaskRun.cancel` closes the guard of the run;
 * - `cancelSaved` takes the runs off the stored list. A process that has one of them sees that in the change, and stops it (`stopLost`);
 * - `onBroken` cancels the runs that are bound to a run which was cancelled or has failed, and `cancel` waits for them (`stopping`).
 */
import { CoalescedWork } from '../base/coalesced-work.js'
import { HeldStateError } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import { stackless } from '../base/stackless.js'
import { cut } from '../base/text.js'
import { unguarded } from '../instance/cancel-guard.js'
import { noAuthor, transact } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { refuseUnknown } from '../instance/unknown-run.js'
import type { RunningTask, TaskName } from '../store/store.js'
import { adoptAll, showFailure } from './adoption.js'
import { AdoptionQueue } from './adoption-queue.js'
import { withBound } from './bound-runs.js'
import type { TasksCore } from './core.js'
import { DisconnectPolicy } from './disconnect.js'
import { TaskPool } from './pool.js'
import type { TaskRun } from './run.js'
import { taskEnd } from './run-record.js'
import { RunSaver } from './run-saver.js'
import { type Started, TaskStarter } from './starter.js'
import type { StartCall, TaskStart } from './task-start.js'

export class TaskScheduler {
  readonly pool: TaskPool
  readonly disconnects: DisconnectPolicy
  readonly saver: RunSaver
  readonly adoptions: AdoptionQueue
  private readonly core: TasksCore
  private readonly starter: TaskStarter
  private readonly cancels = new CoalescedWork()
  /** By token: done when runs have finished that are cancelled with others. */
  private readonly stopping = new Map<string, Promise<void>>()

  constructor(core: TasksCore) {
    this.core = core
    this.saver = new RunSaver(core)
    this.pool = new TaskPool(core, {
      onProgress: (run) => this.saver.onProgress(core.instance(run.token)),
      onSettled: (run) => this.onSettled(run),
      onBroken: (run) => this.onBroken(run),
      onStopped: (token) => this.starter.advance(token),
    })
    this.starter = new TaskStarter(core, this.pool, (run) => this.disconnects.onRunStarted(run))
    this.disconnects = new DisconnectPolicy(core, this.pool, (run, reason) => this.cancelAbandoned(run, reason))
    this.adoptions = new AdoptionQueue(core, {
      isFull: () => this.starter.isFull,
      adopt: (token) => this.adopt(token),
    })
  }

  /** Starts a task for the `call` of a page, or for a trigger. `'answered'`: another process has run the call. */
  start(start: TaskStart, call: StartCall | undefined): Eventually<'answered' | Started> {
    return this.starter.start(start, call)
  }

  /** Whether a start is saved before its task begins. */
  isSaved(start: Pick<TaskStart, 'declaration'>): boolean {
    return this.starter.isSaved(start)
  }

  /** Saves a start with the change of `transaction`. Returns what is to `begin` after that, if anything. */
  addStart(start: TaskStart, transaction: Transaction): TaskStart | undefined {
    return this.starter.addStart(start, transaction)
  }

  begin(start: TaskStart): void {
    this.starter.begin(start)
  }

  /** Whether a token has tasks that run or wait. */
  has(token: string): boolean {
    return this.pool.of(token).size > 0 || this.starter.has(token)
  }

  /**
   * Cancels the runs of a task, in all processes, or the one with the id `run`. Once it resolves, none of them writes anything more. Fails with
   * `unknown-run` where nothing is known of that one.
   */
  async cancel(token: string, definition: string, task: string, run?: string): Promise<void> {
    if (!this.core.registry.get(definition).members.tasks.has(task)) throw unknownTask(definition, task)
    const reason = cancelledByCall(task)
    const here = this.cancelHere(token, { definition, task }, run, reason)
    const name = `${token} ${definition} ${task} ${run ?? ''}`
    await this.cancels.run(name, () => this.cancelSaved(token, { definition, task }, run, reason))
    await here
    await this.stopping.get(token)
  }

  private cancelHere(token: string, task: TaskName, run: string | undefined, reason: HeldStateError): Promise<void> {
    if (run === undefined) {
      this.starter.cancel(token, task)
      return this.pool.cancelTask(token, task.definition, task.task, reason)
    }
    const ids = this.core.instance(token).runs.has(run, task) ? [run] : []
    this.starter.cancelRuns(token, ids)
    return this.pool.cancelRuns(token, ids, reason)
  }

  /** Takes the runs of a task, or one of them, off the stored list, whichever process has them. */
  private async cancelSaved(
    token: string,
    task: TaskName,
    run: string | undefined,
    reason: HeldStateError,
  ): Promise<void> {
    const { core } = this
    const instance = core.instance(token)
    await core.refresh(instance) // this process may not have heard yet of runs that began elsewhere
    if (run !== undefined) refuseUnknown(instance.runs, run, task)
    const meant = instance.runs.storedRuns(task).filter((stored) => run === undefined || stored.run === run)
    const all = instance.runs.storedRuns()
    const ids = withBound(
      all,
      meant.map((stored) => stored.run),
    )
    const runs = all.filter((stored) => ids.has(stored.run))
    if (core.nodes.shared ? runs.length > 0 : runs.some(({ durable }) => durable)) {
      await transact(core, token, unguarded, noAuthor, (transaction) => {
        for (const { definition, task: name, run: id } of runs) {
          const of = { definition, task: name }
          const ended = taskEnd(of, 'cancelled', instance.runs.localStatus(definition, name).error)
          transaction.finishRun({ ...of, run: id, outcome: 'cancelled' }, ended)
        }
      })
      this.starter.cancelRuns(token, ids)
      await this.pool.cancelRuns(token, ids, reason) // runs that have begun meanwhile
    }
  }

  /** Cancels all runs and starts that a token has in this process. */
  cancelToken(token: string, reason: HeldStateError): Promise<void> {
    this.starter.cancelToken(token)
    return this.pool.cancelToken(token, reason)
  }

  private cancelAbandoned({ token, id, definition, task }: TaskRun, reason: HeldStateError): void {
    this.starter.cancel(token, { definition, task })
    void this.pool.cancelRuns(token, [id], reason)
  }

  /** Goes on with the orphaned tasks of a token. */
  async adopt(token: string): Promise<void> {
    const { core } = this
    const adopted = await transact(core, token, unguarded, noAuthor, (transaction) =>
      adoptAll(core, token, transaction),
    )
    for (const one of adopted) if (!('failure' in one)) this.begin(one)
    for (const one of adopted) if ('failure' in one) showFailure(core.instance(token), one)
    this.starter.advance(token)
  }

  /** Stops the runs of a token that another process has finished or taken over. */
  stopLost(token: string, lost: readonly RunningTask[]): void {
    if (lost.length > 0) {
      const ids = new Set(lost.map(({ run }) => run)) // any attempt: the run may have failed here meanwhile, to be tried again
      const reason = new HeldStateError('task-cancelled', 'Another process cancelled or took over this task.')
      void this.pool.cancelRuns(token, ids, reason)
      this.starter.cancelRuns(token, ids, true)
      this.core.instance(token).runs.showStoredEnds()
    }
    this.starter.cancelLeft(token)
    this.starter.advance(token)
  }

  stop(): void {
    this.adoptions.stop()
    this.disconnects.stop()
    this.starter.stop()
    this.saver.stop()
  }

  /** What a run has started with itself is cancelled with it. */
  private onBroken({ token, id }: TaskRun): void {
    const ids = this.starter.bound.of(id)
    if (ids.length === 0) return
    const before = this.stopping.get(token)
    const stopping: Promise<void> = Promise.all([before, this.starter.cancelBound(token, ids)]).then(() => {
      if (this.stopping.get(token) === stopping) this.stopping.delete(token)
    })
    this.stopping.set(token, stopping)
  }

  private onSettled(run: TaskRun): void {
    const instance = this.core.instance(run.token)
    this.starter.onSettled(run) // first: a start that begins now is saved together with the end
    this.saver.onRunFinished(instance)
    this.core.onLessUsed(instance)
  }
}

const cancelledByCall = (task: string) =>
  stackless(() => new HeldStateError('task-cancelled', `Task "${task}" was cancelled.`))

const unknownTask = (definition: string, task: string) =>
  stackless(
    () =>
      new HeldStateError(
        'unknown-member',
        `State "${definition}" has no task ${JSON.stringify(cut(task, 80))} to cancel.`,
      ),
  )
