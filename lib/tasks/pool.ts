/** The task pool: every run of the process that has not settled, and the status that tabs see of its task. */
import type { Clock } from '../base/clock.js'
import { asVisitorsRead, isRefusal } from '../base/concealed.js'
import type { Json } from '../base/encode.js'
import type { Failure, HeldStateError } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import type { Watchdog } from '../base/watchdog.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import type { ServerDefinition } from '../state/define.js'
import { type Trigger, trigger } from '../state/trigger.js'
import { argumentsForAttempt } from './attempt-arguments.js'
import { Capacity } from './capacity.js'
import type { TasksCore } from './core.js'
import { toRestart } from './edited-runs.js'
import { TaskQueue } from './queue.js'
import { type RunHost, TaskRun } from './run.js'
import { RunIndex, type TaskGroup } from './run-index.js'
import { errorToKeep, isSameStatus, isTakenOver, pauseOf, recordOf, runEndOf } from './run-record.js'
import type { Phase } from './run-spec.js'
import { saveResult } from './save-result.js'
import { selfOf } from './self.js'
import { restartedOnEdit, sameOf } from './start-policy.js'
import type { TaskStart } from './task-start.js'

export interface PoolEvents {
  onProgress(run: TaskRun): void
  /** The function of a run has settled. The run may be tried again. */
  onSettled(run: TaskRun): void
  /** A run has failed or was cancelled. */
  onBroken(run: TaskRun): void
  /** Cancelled runs of a token have settled, or their grace is over. */
  onStopped(token: string): void
}

/** The attempts of a run before the next one. */
interface PreviousAttempts {
  readonly failures: number
  /** When the attempt may begin, in milliseconds since the epoch. */
  readonly notBefore: number | undefined
  readonly failure: Failure | null
  /** The last attempt was in this process. The event loop must turn in between, even if its author wants no pause. */
  readonly isRetry?: boolean
}

type Failed = Phase & { readonly name: 'failed' }

export class TaskPool implements RunHost {
  readonly clock: Clock
  readonly watchdog: Watchdog
  readonly cancelGraceMs: number
  /** Starts that wait for runs of their task. */
  readonly queue: TaskQueue
  readonly capacity: Capacity
  private readonly index = new RunIndex()
  private readonly core: TasksCore
  private readonly events: PoolEvents
  /** The start of each run, to try it again. */
  private readonly starts = new WeakMap<TaskRun, TaskStart>()

  constructor(core: TasksCore, events: PoolEvents) {
    this.core = core
    this.events = events
    this.clock = core.clock
    this.watchdog = core.watchdog
    this.cancelGraceMs = core.limits.cancelGraceMs
    this.queue = new TaskQueue(core)
    this.capacity = new Capacity(core, this.index, this.queue)
  }

  /** All runs that have not settled. */
  get runs(): ReadonlySet<TaskRun> {
    return this.index.all
  }

  of(token: string): ReadonlySet<TaskRun> {
    return this.index.of(token)
  }

  find(token: string, id: string): TaskRun | undefined {
    return this.index.find(token, id)
  }

  /** Starts a run at once. */
  begin(start: TaskStart): TaskRun {
    const { failed = 0, notBefore } = start.saved?.durable ?? {}
    return this.attempt(start, { failures: failed, notBefore, failure: null })
  }

  private attempt(start: TaskStart, previous: PreviousAttempts): TaskRun {
    const { declaration, args } = start
    const { failures, failure, notBefore, isRetry = false } = previous
    const run = new TaskRun(this.specOf(start, failures), this)
    this.starts.set(run, start)
    this.index.add(run)
    this.record(run)
    this.publish(run, { ...idle, running: this.count(run), error: failure })
    // another process has set `notBefore`, by a clock of its own
    const longestMs = Math.max(pauseOf(declaration, failures - 1), processLimits.storeRetryMs)
    const pauseMs = notBefore === undefined ? 0 : Math.min(notBefore - this.clock.now(), longestMs)
    const waitMs = Math.max(isRetry ? 1 : 0, pauseMs)
    const own = argumentsForAttempt(args, declaration)
    void run.run(declaration, selfOf(run, this.core), own, { waitMs, timeoutMs: declaration.timeout })
    return run
  }

  private specOf(start: TaskStart, failures: number) {
    const { token, definition, task, declaration, rawArgs, parent } = start
    const {
      run: id = start.id ?? this.clock.id(),
      attempt = 1,
      durable,
      started = this.clock.now(),
    } = start.saved ?? {}
    const { browser, address } = this.core.instance(token)
    return {
      id,
      token,
      owner: { browser, address },
      definition,
      task,
      disconnectGraceMs: declaration.alone,
      attempt,
      started,
      durable,
      failures,
      retries: declaration.retry.times,
      parent,
      same: sameOf(start),
      isJoinable: declaration.concurrency === 'single' && declaration.again !== 'restart',
      rawArgs,
    }
  }

  /** Resolves when the cancelled runs of a task have settled, or their grace is over; `undefined` if there are none. */
  stopping(token: string, definition: string, task: string): Promise<void> | undefined {
    return this.index.group(token, definition, task)?.cancelling
  }

  /** Cancels the copies of a task. Once it resolves, none of them writes anything more. */
  cancelTask(token: string, definition: string, task: string, reason: HeldStateError): Promise<void> {
    const group = this.index.group(token, definition, task)
    return group ? this.cancel(group.open, reason, [group]) : Promise.resolve()
  }

  /** Cancels the runs of a token with these ids. */
  cancelRuns(token: string, ids: Iterable<string>, reason: HeldStateError): Promise<void> {
    const runs = [...ids].map((id) => this.index.find(token, id)).filter((run) => run !== undefined)
    return this.cancel(runs, reason)
  }

  cancelToken(token: string, reason: HeldStateError): Promise<void> {
    return this.cancel(this.of(token), reason)
  }

  cancelAll(reason: HeldStateError): Promise<void> {
    return this.cancel(this.index.all, reason)
  }

  /** A run that is being cancelled is not cancelled again: a second cancel waits for the first. */
  private cancel(runs: Iterable<TaskRun>, reason: HeldStateError, groups?: readonly TaskGroup[]): Promise<void> {
    const picked = [...runs]
    const touched = groups ?? [...this.index.byGroup(picked).keys()]
    const fresh = picked.filter((run) => run.cancel(reason))
    const byGroup = this.index.byGroup(fresh)
    for (const ofTask of byGroup.values()) this.publishCancelled(ofTask)
    for (const run of fresh) this.forget(run)
    if (fresh.length > 0) this.stop(fresh, byGroup)
    const finishing = picked.filter(({ isSavingResult }) => isSavingResult) // too late: its end is being saved
    return Promise.all([
      ...touched.map(({ cancelling }) => cancelling),
      ...finishing.map(({ settled }) => settled),
    ]).then(() => {})
  }

  /** Gives the functions of cancelled runs their grace, with one timer for all. */
  private stop(runs: readonly TaskRun[], byGroup: ReadonlyMap<TaskGroup, readonly TaskRun[]>): void {
    let cancelTimer = () => {}
    const timeUp = new Promise<void>((resolve) => {
      cancelTimer = this.clock.after(this.cancelGraceMs, resolve)
    })
    for (const run of runs) run.stopping = run.stopped(timeUp)
    for (const [group, ofTask] of byGroup) group.waitFor(ofTask, () => this.events.onStopped(group.token))
    void Promise.all(runs.map(({ stopping }) => stopping)).then(() => cancelTimer())
  }

  /** Called once per task, however many copies of it were cancelled. */
  private publishCancelled(runs: readonly TaskRun[]): void {
    const run = runs.findLast(({ spec }) => spec.failures > 0) ?? runs[0]
    if (!run) return
    const before = this.statusOf(run)
    const error = errorToKeep(before, run)
    this.publish(run, { ...before, running: this.count(run), error, outcome: error ? 'failed' : 'cancelled' })
  }

  /** After an edit of definitions: cancels runs whose author wants that, and starts them with the new code. */
  async restart(edited: ReadonlyMap<string, ServerDefinition>): Promise<void> {
    const picked = toRestart(this.runs, edited, this.core.log)
    for (const run of picked) void this.cancel([run], restartedOnEdit(run.task))
    const startAgain = async (run: TaskRun) => {
      await run.stopping
      this.core.start(run.token, [trigger(run.definition, run.task, run.rawArgs)])
    }
    await Promise.all(picked.map(startAgain))
  }

  start({ token }: TaskRun, triggers: readonly Trigger[]): void {
    this.core.start(token, triggers)
  }

  saveResult(run: TaskRun, result: Json): Eventually<void> {
    return saveResult(this.core, run, result)
  }

  onProgress(run: TaskRun): void {
    this.publish(run, { ...this.statusOf(run), progress: run.progress, note: run.note })
    this.record(run)
    this.events.onProgress(run)
  }

  onPhaseChanged(run: TaskRun): void {
    this.index.groupOf(run)?.onPhaseChanged(run)
  }

  onSettled(run: TaskRun): void {
    const { token, phase } = run
    this.index.delete(run)
    if (phase.name === 'failed' && this.tryAgain(run, phase)) return
    if (phase.name === 'failed') {
      if (!isRefusal(phase.reason))
        this.core.log.error(`${run.where} failed.${asVisitorsRead(phase.reason)}`, phase.cause)
      this.core.instance(token).watchers.showInDevelopment(phase.reason)
    }
    const before = this.statusOf(run)
    const error = run.failure ?? errorToKeep(before, run)
    const outcome = error ? 'failed' : phase.name === 'done' ? 'done' : before.outcome // a cancel was published at once
    this.publish(run, { ...before, running: this.count(run), error, outcome })
    this.forget(run)
    this.events.onSettled(run)
  }

  /** Begins the next attempt of a failed run, after a pause, if its author wants one and this process still has the state. */
  private tryAgain(run: TaskRun, { reason, cause }: Failed): boolean {
    const start = this.starts.get(run)
    if (run.isLast || !start) return false
    const { id, failure, where, isNoFault, spec } = run
    const { attempt, durable, failures, started } = spec
    const wait = isNoFault ? processLimits.storeRetryMs : pauseOf(start.declaration, failures)
    if (!isNoFault)
      this.core.log.warn(`${where} failed ${inTab(run.token)}; retrying in ${wait} ms.${asVisitorsRead(reason)}`, cause)
    const notBefore = this.clock.now() + wait
    const failed = isNoFault ? failures : failures + 1
    const saved = {
      run: id,
      attempt: attempt + 1,
      started,
      durable: durable && { ...durable, lost: 0, failed, notBefore },
    }
    const previous = { failures: failed, notBefore, failure: isNoFault ? null : failure, isRetry: true }
    this.attempt({ ...start, saved }, previous)
    this.events.onSettled(run)
    return true
  }

  private statusOf({ token, definition, task }: TaskRun): TaskStatus {
    return this.core.instance(token).runs.localStatus(definition, task)
  }

  /** Skips what pages know already, such as the end of a cancelled copy. */
  private publish(run: TaskRun, status: TaskStatus): void {
    const { token, definition, task } = run
    if (this.core.isClosing) return // the next process goes on with the run, or shows that it was interrupted
    if (!isSameStatus(status, this.statusOf(run))) this.core.instance(token).runs.setStatus(definition, task, status)
  }

  /** Lists a run as one of this process. */
  private record(run: TaskRun): void {
    const { runs, newest } = this.core.instance(run.token)
    if (!run.seen) run.saw(newest.state)
    runs.setLocal(recordOf(run, this.core.nodes.node))
  }

  /** Takes a run off the list, unless the process closes: the next process is to find it. */
  private forget(run: TaskRun): void {
    const { token, id, spec } = run
    const { runs } = this.core.instance(token)
    const hasFinished = !isTakenOver(run)
    if (this.core.isClosing) return
    if (hasFinished && runs.isHere(id)) runs.addEnd(runEndOf(run))
    runs.finishLocal(id, spec.attempt, hasFinished)
    if (hasFinished && run.phase.name !== 'done') this.events.onBroken(run)
  }

  /** The number of copies that run: a cancelled copy does not count, even while its function goes on. */
  private count(run: TaskRun): number {
    return this.index.groupOf(run)?.running.size ?? 0
  }
}
