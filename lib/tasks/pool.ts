/** The task pool: every run that has not settled, and the status that tabs see of each task. */
import type { Clock } from '../base/clock.js'
import { asVisitorsRead, isRefusal } from '../base/concealed.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import type { Watchdog } from '../base/watchdog.js'
import type { Access } from '../instance/exclusive.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import type { ServerDefinition } from '../state/define.js'
import type { TaskDeclaration } from '../state/definition.js'
import { type Trigger, trigger } from '../state/trigger.js'
import type { RunningTask } from '../store/store.js'
import { sameOf } from './again.js'
import { ownArguments } from './own-arguments.js'
import { TaskQueue } from './queue.js'
import { Room } from './room.js'
import { type Phase, type RunOwner, TaskRun } from './run.js'
import { RunIndex, type TaskGroup } from './run-index.js'
import { selfOf } from './self.js'
import type { TaskStart } from './task-start.js'

/** What the pool asks of the hub. */
export interface PoolPorts {
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  readonly watchdog: Watchdog
  /** Bytes that all starts which wait may take. */
  readonly waitingBytes: number
  access(token: string): Access
  /** Of the page of a token. */
  ownerOf(token: string): RunOwner
  start(token: string, triggers: readonly Trigger[]): void
  statusOf(token: string, definition: string, task: string): TaskStatus
  setStatus(token: string, definition: string, task: string, status: TaskStatus): void
  /** A task of a token has failed: nobody else hears of it. */
  failed(token: string, error: unknown): void
  /** A run may write from now on, or has become another; it is to be saved so. */
  runs(run: TaskRun): void
  /** A run may write nothing more. */
  over(run: TaskRun): void
  /** A run has settled, or is to be tried again. */
  ended(run: TaskRun): void
  /** Cancelled runs of a token have ended or had their time. */
  stopped(token: string): void
}

/** What came before an attempt. */
interface Before {
  readonly failures: number
  /** When it may begin, in milliseconds since the epoch. */
  readonly notBefore: number | undefined
  readonly failure: Failure | null
  /** It follows an attempt of this process: the event loop must turn in between, even where its author wants no pause. */
  readonly again?: boolean
}

type Failed = Phase & { readonly name: 'failed' }

/** What is saved of a run. */
export function recordOf(run: TaskRun, node: string): RunningTask {
  const { definition, task, id, attempt, durable, progress, note, same } = run
  return { definition, task, run: id, node, attempt, durable, progress, note, ...(same !== undefined && { same }) }
}

/** Milliseconds before the next attempt of a task that has failed so often before. */
const pauseOf = ({ retry: { waitMs } }: TaskDeclaration, failures: number) =>
  Math.min(waitMs * 2 ** failures, fixedLimits.retryLongestWaitMs)

export class TaskPool {
  private readonly index = new RunIndex()
  /** Starts that wait for runs of their task. */
  readonly queue: TaskQueue
  readonly room: Room
  private readonly ports: PoolPorts

  constructor(ports: PoolPorts) {
    const { limits, waitingBytes } = ports
    const ownerOf = (token: string) => ports.ownerOf(token)
    this.ports = ports
    this.queue = new TaskQueue({ limits, ownerOf, bytesOfAll: waitingBytes })
    this.room = new Room({ limits, ownerOf }, this.index, this.queue)
  }

  /** All that have not settled. */
  get runs(): ReadonlySet<TaskRun> {
    return this.index.all
  }

  /** Starts a run at once. */
  start(start: TaskStart): TaskRun {
    const { failed = 0, notBefore } = start.known?.durable ?? {}
    return this.begin(start, { failures: failed, notBefore, failure: null })
  }

  private begin(start: TaskStart, { failures, notBefore, failure, again = false }: Before): TaskRun {
    const { clock } = this.ports
    const { token, definition, task, declaration, args } = start
    const { run: id = clock.id(), attempt = 1, durable } = start.known ?? {}
    const { alone, timeout } = declaration
    const { browser, address } = this.ports.ownerOf(token)
    const run = new TaskRun(
      {
        id,
        token,
        owner: { browser, address },
        definition,
        task,
        alone,
        attempt,
        durable,
        failures,
        retries: declaration.retry.times,
        same: sameOf(start),
        isJoinable: declaration.concurrency === 'single' && declaration.again !== 'restart',
        given: start.given,
      },
      {
        clock,
        watchdog: this.ports.watchdog,
        cancelGraceMs: this.ports.limits.cancelGraceMs,
        start: (triggers) => this.ports.start(token, triggers),
        reported: (reporting) => this.reported(reporting),
        moved: (moved) => this.index.groupOf(moved)?.moved(moved),
        ended: (ended) => this.ended(ended, start),
      },
    )
    this.index.add(run)
    this.ports.runs(run)
    this.publish(run, { ...idle, running: this.count(run), error: failure })
    // another process has said when, by a clock of its own
    const longest = Math.max(pauseOf(declaration, failures - 1), fixedLimits.awayAgainMs)
    const waitMs = notBefore === undefined ? 0 : Math.max(again ? 1 : 0, Math.min(notBefore - clock.now(), longest))
    const own = ownArguments(args, declaration)
    void run.run(declaration, selfOf(run, this.ports.access(token)), own, { waitMs, timeoutMs: timeout })
    return run
  }

  of(token: string): ReadonlySet<TaskRun> {
    return this.index.of(token)
  }

  /** A run of a token that has not settled. */
  find(token: string, id: string): TaskRun | undefined {
    return this.index.find(token, id)
  }

  /** Done when the cancelled runs of a task have ended or had their time; `undefined` if none has to. */
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

  /** Runs that are being cancelled already are not cancelled again: who wants it, too, waits for the same. */
  private cancel(runs: Iterable<TaskRun>, reason: HeldStateError, groups?: readonly TaskGroup[]): Promise<void> {
    const picked = [...runs]
    const touched =
      groups ?? new Set(picked.map((run) => this.index.groupOf(run)).filter((group) => group !== undefined))
    const fresh = picked.filter((run) => run.cancel(reason))
    if (fresh.length > 0) {
      this.publishCancelled(fresh)
      for (const run of fresh) this.ports.over(run)
      this.stop(fresh)
    }
    return Promise.all([...touched].map(({ cancelling }) => cancelling)).then(() => {})
  }

  /** Gives the functions of cancelled runs their time, with one timer for all. */
  private stop(runs: readonly TaskRun[]): void {
    const { clock, limits } = this.ports
    let cancelTimer = () => {}
    const timeUp = new Promise<void>((resolve) => {
      cancelTimer = clock.after(limits.cancelGraceMs, resolve)
    })
    const byGroup = new Map<TaskGroup, { readonly token: string; readonly stopped: Promise<void>[] }>()
    const all = runs.map((run) => {
      const stopped = run.stopped(timeUp)
      run.over = stopped
      const group = this.index.groupOf(run)
      const ofGroup = group && byGroup.get(group)
      if (ofGroup) ofGroup.stopped.push(stopped)
      else if (group) byGroup.set(group, { token: run.token, stopped: [stopped] })
      return stopped
    })
    for (const [group, { token, stopped }] of byGroup) {
      const cancelling = Promise.all([group.cancelling, ...stopped]).then(() => {
        if (group.cancelling !== cancelling) return
        group.cancelling = undefined
        this.ports.stopped(token)
      })
      group.cancelling = cancelling
    }
    void Promise.all(all).then(() => cancelTimer())
  }

  /** Once for each task, however many copies of it were cancelled. */
  private publishCancelled(runs: readonly TaskRun[]): void {
    const groups = new Map<TaskGroup | undefined, TaskRun>()
    for (const run of runs) {
      const group = this.index.groupOf(run)
      if (!groups.has(group) || run.failures > 0) groups.set(group, run)
    }
    for (const run of groups.values()) {
      const before = this.ports.statusOf(run.token, run.definition, run.task)
      const error = standing(before, run)
      this.publish(run, { ...before, running: this.count(run), error, outcome: error ? 'failed' : 'cancelled' })
    }
  }

  /** Runs of edited definitions, where their author wants it, are cancelled and started again as the code is now. */
  async restart(edited: ReadonlyMap<string, ServerDefinition>): Promise<void> {
    const wanted = ({ definition, task }: TaskRun) => edited.get(definition)?.members.tasks.get(task)?.restartOnEdit
    const picked = [...this.runs].filter((run) => run.isRunning && wanted(run))
    for (const run of picked) void this.cancel([run], begunAnew(run.task))
    const again = async (run: TaskRun) => {
      await run.over
      this.ports.start(run.token, [trigger(run.definition, run.task, run.given)])
    }
    await Promise.all(picked.map(again))
  }

  private reported(run: TaskRun): void {
    const before = this.ports.statusOf(run.token, run.definition, run.task)
    this.publish(run, { ...before, progress: run.progress, note: run.note })
    this.ports.runs(run)
  }

  private ended(run: TaskRun, start: TaskStart): void {
    const { token, definition, task, phase } = run
    this.index.delete(run)
    if (phase.name === 'failed' && this.tryAgain(run, start, phase)) return
    if (phase.name === 'failed') {
      if (!isRefusal(phase.reason))
        this.ports.log.error(`${run.where} failed.${asVisitorsRead(phase.reason)}`, phase.cause)
      this.ports.failed(token, phase.reason)
    }
    const before = this.ports.statusOf(token, definition, task)
    const error = run.failure ?? standing(before, run)
    const outcome = error ? 'failed' : phase.name === 'done' ? 'done' : before.outcome // a cancel was told when it came
    this.publish(run, { ...before, running: this.count(run), error, outcome })
    this.ports.over(run)
    this.ports.ended(run)
  }

  /** A run that failed begins again from the top after a while, if its author says so and the state is still this process's. */
  private tryAgain(run: TaskRun, start: TaskStart, { reason, cause }: Failed): boolean {
    const { id, attempt, durable, failures, failure, where, isNoFault, isLast } = run
    if (isLast) return false
    const { clock, log } = this.ports
    const wait = isNoFault ? fixedLimits.awayAgainMs : pauseOf(start.declaration, failures)
    if (!isNoFault) log.warn(`${where} failed, and is tried again in ${wait} ms.${asVisitorsRead(reason)}`, cause)
    const notBefore = clock.now() + wait
    const failed = isNoFault ? failures : failures + 1
    const known = {
      run: id,
      attempt: attempt + 1,
      durable: durable && { ...durable, lost: 0, failed, notBefore },
    }
    this.begin({ ...start, known }, { failures: failed, notBefore, failure: isNoFault ? null : failure, again: true })
    this.ports.ended(run)
    return true
  }

  /** What pages know already is not published: the ends of cancelled copies, for one. */
  private publish({ token, definition, task }: TaskRun, status: TaskStatus): void {
    if (!isSame(status, this.ports.statusOf(token, definition, task)))
      this.ports.setStatus(token, definition, task, status)
  }

  /** How many copies run: one that was cancelled does not count, even while its function has not ended. */
  private count(run: TaskRun): number {
    return this.index.groupOf(run)?.running.size ?? 0
  }
}

const isSame = (a: TaskStatus, b: TaskStatus) =>
  a.running === b.running &&
  a.progress === b.progress &&
  a.note === b.note &&
  a.error === b.error &&
  a.outcome === b.outcome

const begunAnew = (task: string) =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled, since its code was edited; it starts again.`)

/** The failure that stays when a run ends: that of another copy. What its own earlier attempts failed of is past. */
const standing = ({ error }: TaskStatus, { failures }: TaskRun) => (failures > 0 ? null : error)
