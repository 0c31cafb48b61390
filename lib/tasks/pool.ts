/** The task pool: every run that has not settled, and the status that tabs see of each task. */
import type { Clock } from '../base/clock.js'
import { asVisitorsRead, isRefusal } from '../base/concealed.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import { guardLimits } from '../base/guard-limits.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { fixedLimits, serverLimits } from '../base/server-limits.js'
import type { Watchdog } from '../base/watchdog.js'
import type { TaskDeclaration } from '../state/declaration.js'
import type { ServerDefinition } from '../state/define.js'
import { type Trigger, trigger } from '../state/trigger.js'
import type { DurableRun, RunningTask } from '../store/store.js'
import { ownArguments } from './own-arguments.js'
import { type Phase, type RunOwner, TaskRun } from './run.js'
import { RunIndex, type TaskGroup } from './run-index.js'
import { type Access, selfOf } from './self.js'
import { idle, type TaskStatus } from './status.js'

/** What the pool asks of the hub. */
export interface PoolPorts {
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  readonly watchdog: Watchdog
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
  /** It follows an attempt of this process: the event loop must turn in between, even where its author wants no pause. */
  readonly again?: boolean
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
  private readonly index = new RunIndex()
  private readonly ports: PoolPorts

  constructor(ports: PoolPorts) {
    this.ports = ports
  }

  /** All that have not settled. */
  get runs(): ReadonlySet<TaskRun> {
    return this.index.all
  }

  /** Whether as many run as the process allows. */
  get isFull(): boolean {
    return this.index.all.size >= this.ports.limits.tasksPerProcess
  }

  /** Starts a run at once; throws if it may not start. */
  start(start: TaskStart): TaskRun {
    if (!start.known) this.check(start)
    const { failed = 0, notBefore } = start.known?.durable ?? {}
    return this.begin(start, { failures: failed, notBefore, failure: null })
  }

  /** Throws if one more may not run. `saved` are runs of its token that are saved, or will be with the start. */
  check({ token, definition, task, declaration }: TaskStart, saved: readonly RunningTask[] = []): void {
    this.checkRoom(token, task, saved.length)
    if (declaration.concurrency === 'many') return
    const isOpen = (this.index.group(token, definition, task)?.open.size ?? 0) > 0
    if (isOpen || saved.some((run) => run.definition === definition && run.task === task))
      throw new HeldStateError(
        'already-running',
        `Task "${task}" runs already, and only one copy may. Cancel it first, or wait until it has ended.`,
      )
  }

  private checkRoom(token: string, task: string, saved: number): void {
    const { limits, ownerOf } = this.ports
    const ofToken = Math.max(this.of(token).size, saved)
    if (ofToken >= limits.tasksPerToken) throw tooMany('This tab', ofToken, 'tasksPerToken', task)
    const { browser, address } = ownerOf(token)
    const ofBrowser = browser === undefined ? ofToken : this.index.ofBrowser(browser)
    if (ofBrowser >= limits.tasksPerBrowser) throw tooMany('This browser', ofBrowser, 'tasksPerBrowser', task)
    const all = this.index.all.size
    const most =
      ofBrowser < serverLimits.tasksOfFew ? limits.tasksPerProcess : limits.tasksPerProcess * serverLimits.tasksForMany
    if (all >= most || this.isGreedy(address, all)) throw tooMany('The server', all, 'tasksPerProcess', task)
  }

  /** Whether an address has its share of places that are scarce. */
  private isGreedy(address: string | undefined, all: number): boolean {
    const { tasksPerProcess } = this.ports.limits
    if (address === undefined || all < tasksPerProcess * guardLimits.sharedTasks) return false
    return this.index.ofAddress(address) >= tasksPerProcess * guardLimits.tasksPerAddress
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

  /** Whether a run of a token has not settled. */
  has(token: string, id: string): boolean {
    return this.index.find(token, id) !== undefined
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
    const byGroup = new Map<TaskGroup, Promise<void>[]>()
    const all = runs.map((run) => {
      const stopped = run.stopped(timeUp)
      run.over = stopped
      const group = this.index.groupOf(run)
      const ofGroup = group && byGroup.get(group)
      if (ofGroup) ofGroup.push(stopped)
      else if (group) byGroup.set(group, [stopped])
      return stopped
    })
    for (const [group, stopped] of byGroup) {
      const cancelling = Promise.all([group.cancelling, ...stopped]).then(() => {
        if (group.cancelling === cancelling) group.cancelling = undefined
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
    this.ports.ended(token)
  }

  /** A run that failed begins again from the top after a while, if its author says so and the state is still this process's. */
  private tryAgain(
    { id, attempt, durable, failures, failure, where }: TaskRun,
    start: TaskStart,
    { reason, cause }: Failed,
  ): boolean {
    const isNoFault = durable !== undefined && reason.code === 'store-unreachable' // it goes on as after a crash
    if (reason.code === 'stale-write' || (failures >= start.declaration.retry.times && !isNoFault)) return false
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
    this.ports.ended(start.token)
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

const tooMany = (where: string, running: number, bound: string, task: string) =>
  new HeldStateError(
    'too-many-tasks',
    `${where} runs ${running} background tasks, the bound "${bound}". "${task}" was not started. Start it again when others have ended.`,
  )

const begunAnew = (task: string) =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled, since its code was edited; it starts again.`)

/** The failure that stays when a run ends: that of another copy. What its own earlier attempts failed of is past. */
const standing = ({ error }: TaskStatus, { failures }: TaskRun) => (failures > 0 ? null : error)
