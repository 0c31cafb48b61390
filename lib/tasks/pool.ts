/** The task pool: every run that has not settled, and the status that tabs see of each task. */
import type { Clock } from '../base/clock.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import { fixedLimits, type Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { TaskDeclaration } from '../state/declaration.js'
import type { ServerDefinition } from '../state/define.js'
import { type Trigger, trigger } from '../state/trigger.js'
import type { DurableRun, RunningTask } from '../store/store.js'
import { type Phase, TaskRun } from './run.js'
import { type Access, selfOf } from './self.js'
import { idle, type TaskStatus } from './status.js'

/** What the pool asks of the hub. */
export interface PoolPorts {
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  access(token: string): Access
  start(token: string, triggers: readonly Trigger[]): void
  statusOf(token: string, definition: string, task: string): TaskStatus
  setStatus(token: string, definition: string, task: string, status: TaskStatus): void
  /** A task of a token has failed: nobody else hears of it. */
  failed(token: string, error: unknown): void
  /** A run may write from now on, or has become another; it is to be saved so. */
  runs(run: TaskRun): void
  /** A run may write nothing more. */
  over(run: TaskRun): void
  /** A run of a token has settled, or is to be tried again. */
  ended(token: string): void
}

export interface TaskStart {
  readonly token: string
  readonly definition: string
  readonly task: string
  readonly declaration: TaskDeclaration
  readonly args: readonly unknown[]
  /** The same before the schema has seen them. */
  readonly given: readonly unknown[]
  /** Of a run whose start is saved, or that is begun again. */
  readonly known?: KnownRun | undefined
}

export interface KnownRun {
  readonly run: string
  readonly attempt: number
  readonly durable?: DurableRun | undefined
}

/** What came before an attempt. */
interface Before {
  readonly failures: number
  /** When it may begin, in milliseconds since the epoch. */
  readonly notBefore: number | undefined
  readonly failure: Failure | null
}

type Failed = Phase & { readonly name: 'failed' }

/** What is saved of a run. */
export function recordOf(run: TaskRun, node: string): RunningTask {
  const { definition, task, id, attempt, durable, progress, note } = run
  return { definition, task, run: id, node, attempt, durable, progress, note }
}

/** Milliseconds before the next attempt of a task that has failed so often before. */
const pauseOf = ({ retry: { waitMs } }: TaskDeclaration, failures: number) =>
  Math.min(waitMs * 2 ** failures, fixedLimits.retryLongestWaitMs)

export class TaskPool {
  readonly runs = new Set<TaskRun>()
  private readonly byToken = new Map<string, Set<TaskRun>>()
  private readonly ports: PoolPorts

  constructor(ports: PoolPorts) {
    this.ports = ports
  }

  /** Starts a run at once; throws if it may not start. */
  start(start: TaskStart): TaskRun {
    if (!start.known) this.check(start)
    const { failed = 0, notBefore } = start.known?.durable ?? {}
    return this.begin(start, { failures: failed, notBefore, failure: null })
  }

  /** Throws if one more may not run; `elsewhere` says that it runs in another process. */
  check({ token, definition, task, declaration }: TaskStart, elsewhere = false): void {
    const ofToken = this.of(token)
    if (ofToken.size >= this.ports.limits.tasksPerToken)
      throw new HeldStateError(
        'too-many-tasks',
        `This tab runs ${ofToken.size} background tasks, the bound "tasksPerToken". "${task}" was not started. Start it again when others have ended.`,
      )
    if (declaration.concurrency === 'many') return
    let runs = elsewhere
    for (const run of ofToken) runs ||= run.definition === definition && run.task === task && run.isOpen
    if (runs)
      throw new HeldStateError(
        'already-running',
        `Task "${task}" runs already, and only one copy may. Cancel it first, or wait until it has ended.`,
      )
  }

  private begin(start: TaskStart, { failures, notBefore, failure }: Before): TaskRun {
    const { clock } = this.ports
    const { token, definition, task, declaration, args } = start
    const { run: id = clock.id(), attempt = 1, durable } = start.known ?? {}
    const { alone, timeout } = declaration
    const run = new TaskRun(
      { id, token, definition, task, alone, attempt, durable, failures, given: start.given },
      {
        clock,
        cancelGraceMs: this.ports.limits.cancelGraceMs,
        start: (triggers) => this.ports.start(token, triggers),
        changed: (changed) => this.changed(changed),
        ended: (ended) => this.ended(ended, start),
      },
    )
    this.runs.add(run)
    this.byToken.set(token, (this.byToken.get(token) ?? new Set()).add(run))
    this.ports.runs(run)
    this.publish(run, { ...idle, running: this.count(run), error: failure })
    // another process has said when, by a clock of its own
    const longest = Math.max(pauseOf(declaration, failures - 1), fixedLimits.awayAgainMs)
    const waitMs = notBefore === undefined ? 0 : Math.min(notBefore - clock.now(), longest)
    void run.run(declaration, selfOf(run, this.ports.access(token)), args, { waitMs, timeoutMs: timeout })
    return run
  }

  of(token: string): ReadonlySet<TaskRun> {
    return this.byToken.get(token) ?? new Set()
  }

  /** Cancels every run that `which` picks. Once it resolves, none of them writes anything more. */
  async cancel(which: (run: TaskRun) => boolean, reason: HeldStateError): Promise<void> {
    const picked = [...this.runs].filter(which)
    await Promise.all(picked.map((run) => run.cancel(reason, this.ports.limits.cancelGraceMs)))
  }

  /** Runs of edited definitions, where their author wants it, are cancelled and started again as the code is now. */
  async restart(edited: ReadonlyMap<string, ServerDefinition>): Promise<void> {
    const wanted = ({ definition, task }: TaskRun) => edited.get(definition)?.members.tasks.get(task)?.restartOnEdit
    const picked = [...this.runs].filter((run) => run.phase.name === 'running' && wanted(run))
    const again = async (run: TaskRun) => {
      await run.cancel(begunAnew(run.task), this.ports.limits.cancelGraceMs)
      this.ports.start(run.token, [trigger(run.definition, run.task, run.given)])
    }
    await Promise.all(picked.map(again))
  }

  private changed(run: TaskRun): void {
    const before = this.ports.statusOf(run.token, run.definition, run.task)
    if (run.isRunning) {
      this.publish(run, { ...before, progress: run.progress, note: run.note })
      return this.ports.runs(run)
    }
    const error = standing(before, run)
    this.publish(run, { ...before, running: this.count(run), error, outcome: error ? 'failed' : 'cancelled' })
    this.ports.over(run)
  }

  private ended(run: TaskRun, start: TaskStart): void {
    const { token, definition, task, phase } = run
    this.runs.delete(run)
    this.byToken.get(token)?.delete(run)
    if (phase.name === 'failed' && this.tryAgain(run, start, phase)) return
    if (phase.name === 'failed') {
      this.ports.log.error(`Task "${task}" of state "${definition}" failed.`, phase.cause)
      this.ports.failed(token, phase.reason)
    }
    const before = this.ports.statusOf(token, definition, task)
    const error = run.failure ?? standing(before, run)
    const outcome = error ? 'failed' : phase.name === 'done' ? 'done' : before.outcome // a cancel was told when it came
    this.publish(run, { ...before, running: this.count(run), error, outcome })
    if (this.of(token).size === 0) this.byToken.delete(token)
    this.ports.over(run)
    this.ports.ended(token)
  }

  /** A run that failed begins again from the top after a while, if its author says so and the state is still this process's. */
  private tryAgain(
    { id, attempt, durable, failures, failure, definition, task }: TaskRun,
    start: TaskStart,
    { reason, cause }: Failed,
  ): boolean {
    const isNoFault = durable !== undefined && reason.code === 'store-unreachable' // it goes on as after a crash
    if (reason.code === 'stale-write' || (failures >= start.declaration.retry.times && !isNoFault)) return false
    const { clock, log } = this.ports
    const wait = isNoFault ? fixedLimits.awayAgainMs : pauseOf(start.declaration, failures)
    if (!isNoFault) log.warn(`Task "${task}" of state "${definition}" failed, and is tried again in ${wait} ms.`, cause)
    const notBefore = clock.now() + wait
    const failed = isNoFault ? failures : failures + 1
    const known = {
      run: id,
      attempt: attempt + 1,
      durable: durable && { ...durable, lost: 0, failed, notBefore },
    }
    this.begin({ ...start, known }, { failures: failed, notBefore, failure: isNoFault ? null : failure })
    this.ports.ended(start.token)
    return true
  }

  private publish({ token, definition, task }: TaskRun, status: TaskStatus): void {
    this.ports.setStatus(token, definition, task, status)
  }

  /** How many copies run: one that was cancelled does not count, even while its function has not ended. */
  private count({ token, definition, task }: TaskRun): number {
    let count = 0
    for (const run of this.of(token))
      if (run.definition === definition && run.task === task && run.isRunning) count += 1
    return count
  }
}

const begunAnew = (task: string) =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled, since its code was edited; it starts again.`)

/** The failure that stays when a run ends: that of another copy. What its own earlier attempts failed of is past. */
const standing = ({ error }: TaskStatus, { failures }: TaskRun) => (failures > 0 ? null : error)
