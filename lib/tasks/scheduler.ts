/** The background tasks of a hub: how they start, how they are cancelled and taken over, and what is saved of that. */
import { HeldStateError } from '../base/errors.js'
import { type Eventually, rescued } from '../base/eventually.js'
import { Joined } from '../base/joined.js'
import { fixedLimits } from '../base/server-limits.js'
import { stackless } from '../base/stackless.js'
import { cut } from '../base/text.js'
import type { Watchdog } from '../base/watchdog.js'
import { callerFaults, reportFault } from '../instance/error-reporting.js'
import type { Access } from '../instance/exclusive.js'
import type { Instance } from '../instance/instance.js'
import { nobody, transact } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { granted } from '../instance/write-guard.js'
import type { Trigger } from '../state/trigger.js'
import type { RunningTask } from '../store/store.js'
import { inheritAll, showFailure } from './adoption.js'
import { Abandoned } from './disconnect.js'
import { recordOf, TaskPool } from './pool.js'
import type { TaskRun } from './run.js'
import { type StartCall, Starting, type StartingGround } from './starting.js'
import type { TaskStart } from './task-start.js'

/** What it asks of the hub. */
export interface TaskingGround extends StartingGround {
  /** Bytes of starts that may wait. */
  readonly memory: { readonly waitingStarts: number }
  readonly watchdog: Watchdog
  readonly nodes: StartingGround['nodes'] & {
    /** Milliseconds for which a token has had no page at any other process; `undefined` while one has. */
    aloneMs(token: string): Eventually<number | undefined>
    /** A task has said how far it is. */
    reported(instance: Instance): void
  }
  readonly instances: ReadonlyMap<string, Instance>
  accessOf(token: string): Access
  start(token: string, triggers: readonly Trigger[]): void
  refresh(instance: Instance): Eventually<void>
}

export class Tasking {
  readonly pool: TaskPool
  readonly abandoned: Abandoned
  private readonly ground: TaskingGround
  private readonly starting: Starting
  private readonly cancels = new Joined()
  /** Instances whose tasks have ended in this turn of the event loop, and whether another one has since that was saved. */
  private readonly endedNow = new Map<Instance, boolean>()

  /** Instances whose tasks could not be saved as they are, and are tried again. */
  private readonly later = new Map<Instance, () => void>()

  constructor(ground: TaskingGround) {
    this.ground = ground
    const instance = (token: string) => ground.instance(token)
    this.pool = new TaskPool({
      clock: ground.clock,
      limits: ground.limits,
      log: ground.log,
      watchdog: ground.watchdog,
      waitingBytes: ground.memory.waitingStarts,
      access: (token) => ground.accessOf(token),
      ownerOf: (token) => instance(token),
      start: (token, triggers) => ground.start(token, triggers),
      statusOf: (token, definition, task) => instance(token).runs.localStatus(definition, task),
      setStatus: (token, definition, task, status) => {
        if (ground.isClosing) return // what a closing process has ended runs on, or is shown as interrupted by the next one
        instance(token).runs.setStatus(definition, task, status)
      },
      runs: (run) => this.runs(run),
      over: (run) => this.over(run),
      failed: (token, error) => instance(token).fault(error),
      ended: (run) => this.ended(run),
      stopped: (token) => this.starting.advance(token),
    })
    this.starting = new Starting(ground, this.pool, (run) => this.abandoned.began(run))
    this.abandoned = new Abandoned({
      clock: ground.clock,
      pool: {
        of: (token) => this.pool.of(token),
        find: (token, id) => this.pool.find(token, id),
        cancelRuns: (token, ids, reason) => this.leave(token, [...ids], reason),
      },
      isHere: (token) => instance(token).watchers.size > 0,
      aloneMs: (token) => ground.nodes.aloneMs(token),
    })
  }

  /** `'answered'` if another process has done what the call asks for. */
  start(start: TaskStart, call: StartCall | undefined): Eventually<'answered' | void> {
    return this.starting.start(start, call)
  }

  isSaved(start: Pick<TaskStart, 'declaration'>): boolean {
    return this.starting.isSaved(start)
  }

  announce(start: TaskStart, transaction: Transaction): TaskStart | undefined {
    return this.starting.announce(start, transaction)
  }

  begin(start: TaskStart): void {
    this.starting.begin(start)
  }

  get isFull(): boolean {
    return this.starting.isFull
  }

  /** A token has tasks that run, or wait. */
  has(token: string): boolean {
    return this.pool.of(token).size > 0 || this.starting.has(token)
  }

  async cancel(token: string, definition: string, task: string): Promise<void> {
    const { ground } = this
    const { members } = ground.registry.get(definition)
    if (!members.tasks.has(task))
      throw stackless(
        () =>
          new HeldStateError(
            'unknown-member',
            `State "${definition}" has no task ${JSON.stringify(cut(task, 80))} that could be cancelled.`,
          ),
      )
    const reason = stackless(() => new HeldStateError('task-cancelled', `Task "${task}" was cancelled.`))
    this.starting.cancel(token, definition, task)
    const here = this.pool.cancelTask(token, definition, task, reason)
    await this.cancels.run(`${token} ${definition} ${task}`, () => this.cancelSaved(token, definition, task, reason))
    await here
  }

  /** What is saved of a task as running, in any process. */
  private async cancelSaved(token: string, definition: string, task: string, reason: HeldStateError): Promise<void> {
    const { ground } = this
    const instance = ground.instance(token)
    await ground.refresh(instance) // what others have begun may not have been told here yet
    const runs = instance.runs.storedRuns({ definition, task })
    const ids = new Set(runs.map(({ run }) => run))
    if (ground.nodes.shared ? runs.length > 0 : runs.some(({ durable }) => durable)) {
      await transact(ground, token, granted, nobody, (transaction) => {
        for (const run of ids) transaction.ended(run)
      })
      this.starting.cancelRuns(token, ids)
      await this.pool.cancelRuns(token, ids, reason) // what has begun meanwhile
    }
  }

  /** Ends all that a token has here. */
  cancelToken(token: string, reason: HeldStateError): Promise<void> {
    this.starting.cancelToken(token)
    return this.pool.cancelToken(token, reason)
  }

  /** Runs end with their tab, and so do starts that wait for them. */
  private leave(token: string, ids: readonly string[], reason: HeldStateError): Promise<void> {
    for (const id of ids) {
      const run = this.pool.find(token, id)
      if (run) this.starting.cancel(token, run.definition, run.task)
    }
    return this.pool.cancelRuns(token, ids, reason)
  }

  /** Takes over the durable tasks of a token whose processes have ended. */
  async takeOver(token: string): Promise<void> {
    const inherited = await transact(this.ground, token, granted, nobody, (transaction) =>
      inheritAll(this.ground, token, transaction),
    )
    for (const one of inherited) if (!('failure' in one)) this.begin(one)
    for (const one of inherited) if ('failure' in one) showFailure(this.ground.instance(token), one)
    this.starting.advance(token)
  }

  /** Runs that others have ended or taken over: they write nothing more. */
  overruled(token: string, overruled: readonly RunningTask[]): void {
    if (overruled.length > 0) this.stopOverruled(token, overruled)
    this.starting.advance(token)
  }

  private stopOverruled(token: string, overruled: readonly RunningTask[]): void {
    const ids = new Set(overruled.map(({ run }) => run)) // whatever attempt: it may have failed here meanwhile, and be tried again
    const reason = new HeldStateError('task-cancelled', 'Another process has cancelled this task, or goes on with it.')
    void this.pool.cancelRuns(token, ids, reason)
    this.starting.cancelRuns(token, ids, true)
    this.ground.instance(token).runs.showStoredEnds()
  }

  /** Saves what tasks have come to, if the store believes something else. */
  bringUpToDate(instance: Instance): void {
    if (instance.runs.outdated) this.own(instance)
  }

  /** Loads what this process does not hold, and saves what the store does not know of its tasks. Nobody waits for that. */
  own(instance: Instance): void {
    const { log } = this.ground
    if (this.ground.isClosing || instance.forgotten) return
    void this.ground.tracked(
      rescued(
        () => transact(this.ground, instance.token, granted, nobody, () => {}),
        (error) => {
          reportFault(log, error, callerFaults, instance.token)
          this.ownLater(instance)
        },
      ),
    )
  }

  /** Others wait for runs that they believe to go on. */
  private ownLater(instance: Instance): void {
    const { clock, instances } = this.ground
    if (this.ground.isClosing || !instance.runs.outdated || this.later.has(instance)) return
    const again = () => {
      this.later.delete(instance)
      if (instances.get(instance.token) === instance) this.bringUpToDate(instance)
    }
    this.later.set(instance, clock.after(fixedLimits.saveAgainMs, again))
  }

  /** Waits for nothing any more. */
  end(): void {
    this.abandoned.end()
    this.starting.end()
    for (const cancelTimer of this.later.values()) cancelTimer()
  }

  private runs(run: TaskRun): void {
    const { nodes } = this.ground
    const instance = this.ground.instance(run.token)
    if (!run.seen) run.saw(instance.newest.state)
    instance.runs.setLocal(recordOf(run, nodes.node))
    if (run.progress !== null) nodes.reported(instance)
  }

  /** What a closing process has ended runs on: the next one finds it, or says that it was interrupted. */
  private over(run: TaskRun): void {
    const { phase } = run
    const settled = phase.name === 'running' || phase.name === 'done' || phase.reason.code !== 'stale-write'
    if (!this.ground.isClosing) this.ground.instance(run.token).runs.endLocal(run.id, run.attempt, settled)
  }

  private ended(run: TaskRun): void {
    const instance = this.ground.instance(run.token)
    this.starting.ended(run) // first: what begins is saved together with the end
    this.saveEnd(instance)
    this.ground.released(instance)
  }

  /** The first end of a turn is saved at once, all others of that turn with one more save: each writes the list of all runs. */
  private saveEnd(instance: Instance): void {
    if (this.endedNow.has(instance)) return void this.endedNow.set(instance, true)
    if (this.endedNow.size === 0) this.ground.clock.turn(() => this.saveEnds())
    this.endedNow.set(instance, false)
    this.bringUpToDate(instance)
  }

  /** Saves which tasks have ended in this turn. */
  saveEnds(): void {
    const instances = [...this.endedNow]
    this.endedNow.clear()
    for (const [instance, isDue] of instances) if (isDue) this.bringUpToDate(instance)
  }
}
