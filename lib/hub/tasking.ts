/** The background tasks of a hub: how they start, how they are cancelled and taken over, and what is saved of that. */
import type { Clock } from '../base/clock.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { Joined } from '../base/joined.js'
import type { Limits } from '../base/limits.js'
import { fixedLimits } from '../base/server-limits.js'
import { stackless } from '../base/stackless.js'
import { cut } from '../base/text.js'
import { copyValue } from '../base/value.js'
import type { Watchdog } from '../base/watchdog.js'
import type { Trigger } from '../state/trigger.js'
import type { RunningTask } from '../store/store.js'
import { Abandoned } from '../tasks/abandoned.js'
import { granted } from '../tasks/permit.js'
import { recordOf, TaskPool, type TaskStart } from '../tasks/pool.js'
import type { TaskRun } from '../tasks/run.js'
import type { Access } from '../tasks/self.js'
import { WaitingStarts } from '../tasks/waiting-starts.js'
import { callerFaults, reportFault } from './faults.js'
import type { Instance } from './instance.js'
import { nobody, transact } from './opening.js'
import { type CallName, withEnd } from './past-calls.js'
import type { Ground, Transaction } from './transaction.js'

/** What it asks of the hub. */
export interface TaskingGround extends Ground {
  readonly clock: Clock
  readonly limits: Limits
  readonly watchdog: Watchdog
  access(token: string): Access
  start(token: string, triggers: readonly Trigger[]): void
  tracked<T>(work: Eventually<T>): Eventually<T>
  refresh(instance: Instance): Eventually<void>
  readonly isClosing: boolean
}

export class Tasking {
  readonly pool: TaskPool
  readonly abandoned: Abandoned
  private readonly ground: TaskingGround
  private readonly waiting = new WaitingStarts()
  private readonly cancels = new Joined()
  /** Instances whose tasks have ended in this turn of the event loop, and whether another one has since that was saved. */
  private readonly endedNow = new Map<Instance, boolean>()

  constructor(ground: TaskingGround) {
    this.ground = ground
    const instance = (token: string) => ground.instance(token)
    this.pool = new TaskPool({
      clock: ground.clock,
      limits: ground.limits,
      log: ground.log,
      watchdog: ground.watchdog,
      access: (token) => ground.access(token),
      ownerOf: (token) => instance(token),
      start: (token, triggers) => ground.start(token, triggers),
      statusOf: (token, definition, task) => instance(token).runs.here(definition, task),
      setStatus: (token, definition, task, status) => {
        if (ground.isClosing) return // what a closing process has ended runs on, or is shown as interrupted by the next one
        instance(token).runs.setStatus(definition, task, status)
      },
      runs: (run) => this.runs(run),
      over: (run) => this.over(run),
      failed: (token, error) => instance(token).fault(error),
      ended: (token) => this.ended(instance(token)),
    })
    this.abandoned = new Abandoned({
      clock: ground.clock,
      pool: this.pool,
      isHere: (token) => instance(token).watchers.size > 0,
      aloneMs: (token) => ground.nodes.aloneMs(token),
    })
  }

  /** `name` is that of the call that starts it. */
  start(start: TaskStart, name: CallName | undefined): Eventually<void> {
    if (this.ground.isClosing) throw closed()
    if (this.isSaved(start)) return this.startSaved(start, name)
    const instance = this.ground.instance(start.token)
    this.pool.check(start)
    instance.exists = true
    if (name) instance.calls = withEnd(instance.calls, name, undefined, this.ground.limits) // first: the task may save at once
    this.run(start)
  }

  private run(start: TaskStart): void {
    this.abandoned.began(this.ground.flow.outside(() => this.pool.start(start)))
  }

  /** A task that shall outlive its process, or that others must know of, is saved before it begins. */
  isSaved({ declaration }: Pick<TaskStart, 'declaration'>): boolean {
    return declaration.durable || this.ground.nodes.shared
  }

  private startSaved(start: TaskStart, name: CallName | undefined): Eventually<void> {
    const begin = (transaction: Transaction) => {
      transaction.begins(name)
      return this.announce(start, transaction)
    }
    return after(transact(this.ground, start.token, granted, nobody, begin), (known) => this.begin(known))
  }

  /** The start is saved with the change that `transaction` makes. Gives what is to begin then; throws if it may not. */
  announce(start: TaskStart, transaction: Transaction): TaskStart {
    const { clock, nodes } = this.ground
    const { definition, task, declaration, args } = start
    this.pool.check(start, transaction.running)
    const durable = declaration.durable
      ? { args: copyValue(args, [task, 'arguments']) as unknown[], lost: 0, failed: 0 }
      : undefined
    const run = { definition, task, run: clock.id(), node: nodes.node, attempt: 1, durable }
    transaction.began(run)
    return { ...start, known: run }
  }

  /** Whether the process runs as many tasks as it may: what others have left waits where it is. */
  get isFull(): boolean {
    return this.pool.isFull || this.waiting.size > 0
  }

  /** A token has tasks that run, or wait for a place. */
  has(token: string): boolean {
    return this.pool.of(token).size > 0 || this.waiting.has(token)
  }

  /** Begins what was saved. It is never refused: where the process is full, it waits for a place. */
  begin(start: TaskStart): void {
    if (this.isFull) this.waiting.add(start)
    else this.beginNow(start)
  }

  private beginWaiting(): void {
    while (!this.pool.isFull) {
      const start = this.waiting.take()
      if (!start) return
      this.beginNow(start)
    }
  }

  /** Unless it was cancelled before it could. */
  private beginNow(start: TaskStart): void {
    const { ground } = this
    if (ground.isClosing) return // the next process finds it
    const { runs } = ground.instance(start.token)
    if (start.known && runs.has(start.known.run)) this.run(start)
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
    const here = this.pool.cancelTask(token, definition, task, reason)
    await this.cancels.run(`${token} ${definition} ${task}`, () => this.cancelSaved(token, definition, task, reason))
    await here
  }

  /** What is saved of a task as running, in any process. */
  private async cancelSaved(token: string, definition: string, task: string, reason: HeldStateError): Promise<void> {
    const { ground } = this
    const instance = ground.instance(token)
    await ground.refresh(instance) // what others have begun may not have been told here yet
    const runs = instance.runs.saidToRun(definition, task)
    const ids = new Set(runs.map(({ run }) => run))
    if (ground.nodes.shared ? runs.length > 0 : runs.some(({ durable }) => durable)) {
      await transact(ground, token, granted, nobody, (transaction) => {
        for (const run of ids) transaction.ended(run)
      })
      await this.pool.cancelRuns(token, ids, reason) // what has begun meanwhile
    }
  }

  /** Takes over the durable tasks of a token whose processes have ended. */
  async takeOver(token: string): Promise<void> {
    const starts = await transact(this.ground, token, granted, nobody, (transaction) =>
      this.ground
        .instance(token)
        .runs.orphaned.map((orphan) => this.inherit(token, orphan, transaction))
        .filter((start) => start !== undefined),
    )
    for (const start of starts) this.begin(start)
  }

  private inherit(token: string, orphan: RunningTask, transaction: Transaction): TaskStart | undefined {
    const { log, nodes, registry } = this.ground
    const { definition, task, durable = { args: [], lost: 0, failed: 0 } } = orphan
    const declaration = registry.has(definition) ? registry.get(definition).members.tasks.get(task) : undefined
    if (!declaration) {
      log.warn(
        `Task "${task}" of state "${definition}" was to go on here, but there is none: it waits for code that has it.`,
      )
      return undefined
    }
    const lost = durable.lost + 1
    if (lost > fixedLimits.lostProcesses) {
      const { runs } = this.ground.instance(token)
      runs.setStatus(definition, task, {
        ...runs.here(definition, task),
        outcome: 'failed',
        error: givenUp(task, lost),
      })
      log.error(`Task "${task}" of state "${definition}" was given up: ${lost} processes in a row ended while it ran.`)
      transaction.ended(orphan.run)
      return undefined
    }
    const run = { ...orphan, node: nodes.node, attempt: orphan.attempt + 1, durable: { ...durable, lost } }
    transaction.began(run)
    return { token, definition, task, declaration, args: durable.args, given: durable.args, known: run }
  }

  /** Runs that others have ended or taken over: they write nothing more. */
  overruled(token: string, overruled: readonly RunningTask[]): void {
    if (overruled.length === 0) return
    const ids = new Set(overruled.map(({ run }) => run)) // whatever attempt: it may have failed here meanwhile, and be tried again
    const reason = new HeldStateError('task-cancelled', 'Another process has cancelled this task, or goes on with it.')
    void this.pool.cancelRuns(token, ids, reason)
    this.ground.instance(token).runs.showEnds()
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
        (error) => void reportFault(log, error, callerFaults),
      ),
    )
  }

  private runs(run: TaskRun): void {
    const { nodes } = this.ground
    const instance = this.ground.instance(run.token)
    instance.runs.set(recordOf(run, nodes.node))
    if (run.progress !== null) nodes.reported(instance)
  }

  /** What a closing process has ended runs on: the next one finds it, or says that it was interrupted. */
  private over(run: TaskRun): void {
    const { phase } = run
    const settled = phase.name === 'running' || phase.name === 'done' || phase.reason.code !== 'stale-write'
    if (!this.ground.isClosing) this.ground.instance(run.token).runs.delete(run.id, run.attempt, settled)
  }

  private ended(instance: Instance): void {
    this.beginWaiting()
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

const givenUp = (task: string, lost: number): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was given up: ${lost} processes in a row ended while it ran. What it had saved until then is kept.`,
})

export const closed = () =>
  new HeldStateError('hub-closed', 'The server is shutting down. The page reconnects when it is back.')
