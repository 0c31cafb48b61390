/**
 * Starts tasks: at once, after the runs before them, instead of those, or as part of a run under way. The saved list of runs
 * decides, so that every process comes to the same answer.
 */

import { copyValue } from '../base/copy.js'
import { after, type Eventually } from '../base/eventually.js'
import { outcomeOf, settleCall } from '../instance/call-log.js'
import { unguarded } from '../instance/cancel-guard.js'
import { closed } from '../instance/in-flight.js'
import { madeBy } from '../instance/made-triggers.js'
import { noAuthor, transactPipelined } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import type { RunningTask, TaskName } from '../store/store.js'
import { Backlog } from './backlog.js'
import { BoundRuns, cancelledWith, isLeft } from './bound-runs.js'
import type { TasksCore } from './core.js'
import type { TaskPool } from './pool.js'
import { isSameTask, nextTurn } from './queue.js'
import { QueueTurns } from './queue-turns.js'
import type { TaskRun } from './run.js'
import { decideStart, restarted } from './start-policy.js'
import { startRecord } from './start-record.js'
import type { SavedRun, StartCall, TaskStart } from './task-start.js'
import { TriggerJoins } from './trigger-joins.js'

/** The run that a start has begun, waits to begin, or has joined. */
export interface Started {
  readonly run: string | undefined
}

/** What a start is decided to be: what is to begin, if anything, and the id of its run. */
interface Admitted extends Started {
  readonly next: TaskStart | undefined
}

type NamedStart = TaskStart & { readonly id: string }

export class TaskStarter {
  private readonly core: TasksCore
  private readonly pool: TaskPool
  private readonly onRunStarted: (run: TaskRun) => void
  /** Starts that wait for a place in the process. */
  private readonly backlog = new Backlog()
  readonly bound = new BoundRuns()
  private readonly joins: TriggerJoins
  private readonly turns: QueueTurns

  constructor(core: TasksCore, pool: TaskPool, onRunStarted: (run: TaskRun) => void) {
    this.core = core
    this.pool = pool
    this.onRunStarted = onRunStarted
    this.joins = new TriggerJoins(core, pool, (start) => this.start(start, undefined))
    this.turns = new QueueTurns(core, pool, this.joins, {
      isSaved: (start) => this.isSaved(start),
      begin: (start) => this.begin(start),
    })
  }

  /**
   * Starts a task for the `call` of a page, or for a trigger. Gives the id of the run that it starts or joins; none for a trigger that joins one.
   * `'answered'`: another process has run the call.
   */
  start(given: TaskStart, call: StartCall | undefined): Eventually<'answered' | Started> {
    const { core } = this
    if (core.isClosing) throw closed()
    const start = { ...given, id: core.clock.id() }
    if (this.isSaved(start)) return this.startSaved(start, call)
    const instance = core.instance(start.token)
    if (call && outcomeOf(instance.calls, call.name)) return 'answered' // over another connection, while this one waited for calls before it
    const { next, run } = this.admit(
      start,
      start.declaration.concurrency === 'many' ? [] : instance.runs.running(),
      call,
    )
    if (!next) return { run }
    instance.exists = true
    if (call) settleCall(instance, call.name, undefined, core.limits, false, run) // first: the task may save at once
    if (next.saved || next.joins) this.begin(next)
    else this.run(next)
    return { run }
  }

  /** Whether a start is saved before its task begins: the task outlives its process, or other processes must know of it. */
  isSaved({ declaration }: Pick<TaskStart, 'declaration'>): boolean {
    return declaration.durable || this.core.nodes.shared
  }

  private startSaved(start: NamedStart, call: StartCall | undefined): Eventually<'answered' | Started> {
    const work = (transaction: Transaction) => {
      transaction.markExisting()
      const added = this.add(start, transaction, call)
      if (call && added.run !== undefined) transaction.answer(added.run)
      return added
    }
    const request = { token: start.token, guard: unguarded, author: noAuthor, work, call: { name: call?.name } }
    return after(transactPipelined(this.core, request), (outcome) => {
      if (outcome === 'answered') return outcome
      const { next, run } = outcome.value
      return after(outcome.durable, () => {
        if (next) this.begin(next)
        return { run }
      })
    })
  }

  /** Saves a start with the change of `transaction`. Returns what is to begin after that, if anything. Throws a refusal. */
  addStart(start: TaskStart, transaction: Transaction): TaskStart | undefined {
    return this.add({ ...start, id: this.core.clock.id() }, transaction, undefined).next
  }

  private add(start: NamedStart, transaction: Transaction, call: StartCall | undefined): Admitted {
    const { next, run } = this.admit(start, transaction.running, call)
    if (!next || next.joins) return { next, run }
    const { definition, task, declaration, rawArgs } = start
    const durable = declaration.durable
      ? { args: copyValue(rawArgs, [task, 'arguments']) as unknown[], lost: 0, failed: 0 }
      : undefined
    const begins = next.saved?.waits === undefined && { started: this.core.clock.now() }
    const saved = { run: start.id, attempt: 1, ...begins, ...next.saved, durable }
    for (const replaced of saved.replaces ?? [])
      transaction.finishRun({ definition, task, run: replaced, outcome: 'cancelled' })
    transaction.addRun(startRecord({ ...next, saved }, this.core.nodes.node))
    return { next: { ...next, saved }, run }
  }

  /** Decides about a start, among the `runs` of its token. Throws a refusal. */
  private admit(start: NamedStart, runs: readonly RunningTask[], call: StartCall | undefined): Admitted {
    const { token, task, declaration, parent } = start
    const { capacity, queue } = this.pool
    if (parent && isLeft(this.core.instance(token).runs, parent)) return { next: undefined, run: undefined }
    if (declaration.concurrency === 'many') {
      capacity.check(token, task, begunOf(runs))
      return { next: start, run: start.id }
    }
    const { open, isFinishing } = this.presentFor(start, runs)
    const decision = decideStart(start, { open, isFinishing })
    if (decision.name === 'join' || decision.name === 'refuse') {
      if (!call) {
        const turn = () => this.turnAfter(start, runs)
        return { next: this.joins.meet(start, runs, decision, turn, this.isSaved(start)), run: undefined }
      }
      if (decision.name === 'refuse') throw decision.error
      return { next: undefined, run: decision.run.run }
    }
    if (decision.name === 'replace' && call && isOvertaken(start, call)) throw restarted(task)
    capacity.check(token, task, begunOf(runs))
    if (decision.name === 'begin') return { next: start, run: start.id }
    const replaces = decision.name === 'replace' ? open.map(({ run }) => run) : undefined
    const others = runs.filter(({ run }) => !replaces?.includes(run))
    queue.check(start, others)
    return { next: { ...start, saved: { ...this.turnAfter(start, runs), replaces } }, run: start.id }
  }

  /** The runs and starts that a start meets. A saved trigger belongs to the run that it may join, if there is one. */
  private presentFor(start: TaskStart, runs: readonly RunningTask[]) {
    const { token, definition, task, declaration } = start
    const ofTask = runs.filter((run) => isSameTask(run, start))
    const hasRun = ofTask.some(({ waits }) => waits === undefined)
    const present = hasRun ? ofTask.filter(({ joins }) => !joins) : ofTask
    const open = present.filter(({ run }) => this.pool.find(token, run)?.isFinishing !== true)
    const isStopping = declaration.concurrency === 'queue' && this.pool.stopping(token, definition, task) !== undefined
    return { open, isFinishing: open.length < present.length || isStopping }
  }

  private turnAfter({ id }: NamedStart, runs: readonly RunningTask[]): SavedRun {
    return { run: id, attempt: 1, waits: nextTurn(runs) }
  }

  private run(start: TaskStart): void {
    const { definition, task, token } = start
    const made = madeBy(this.core.log, { definition, task })
    const as = made && { token, holder: undefined, outer: undefined, active: false, made }
    const run = this.core.lockScope.outside(() => this.pool.begin(start), as)
    if (made) void run.settled.then(() => run.phase.name === 'done' && made.close(false))
    this.onRunStarted(run)
    this.bind(start, run.id)
  }

  /** A run or a start that waits is cancelled with the one that has started it, or has been already. */
  private bind({ token, parent }: TaskStart, run: string): void {
    if (parent === undefined) return
    this.bound.add({ run, token, parent })
    this.cancelLeft(token)
  }

  /** Cancels what runs have started that have been cancelled, or have failed, here or in another process. */
  cancelLeft(token: string): void {
    const left = this.bound.left(this.core.instance(token))
    if (left.length > 0) void this.cancelBound(token, left)
  }

  /** Cancels these runs and starts, since the runs that have started them have finished. */
  cancelBound(token: string, ids: readonly string[]): Promise<void> {
    this.cancelRuns(token, ids)
    return this.pool.cancelRuns(token, ids, cancelledWith())
  }

  /** Whether the process runs as many tasks as it may. Then it adopts no further ones. */
  get isFull(): boolean {
    return this.pool.capacity.isFull || this.backlog.size > 0
  }

  /** Whether a start of the token waits: for a run, or for a place. */
  has(token: string): boolean {
    return this.backlog.has(token) || this.pool.queue.has(token)
  }

  /** Begins an admitted start. Where the process is full, the start waits for a place, and is never refused. */
  begin(start: TaskStart): void {
    const { joins, saved, token, task } = start
    if (joins) return this.joins.join(start, joins)
    if (saved?.replaces) {
      for (const run of saved.replaces) this.drop(token, run)
      void this.pool.cancelRuns(token, saved.replaces, restarted(task))
    }
    if (saved?.waits !== undefined) {
      this.turns.add({ ...start, saved: { ...saved, waits: saved.waits } })
      this.bind(start, saved.run)
    } else if (this.isFull) this.backlog.add(start)
    else this.beginNow(start)
  }

  private beginNow(start: TaskStart): void {
    const { core } = this
    if (core.isClosing) return // the next process finds the start in the list
    const isCancelled = !start.saved || !core.instance(start.token).runs.isHere(start.saved.run)
    if (!isCancelled) this.run(start)
  }

  /** A run of this process has settled: starts that wait for it, or for its place, may begin. */
  onSettled(run: TaskRun): void {
    const { backlog, pool } = this
    if (this.core.isClosing) return
    this.joins.onSettled(run)
    if (!this.pool.find(run.token, run.id)) this.bound.delete(run.id) // else it is tried again
    while (backlog.size > 0 && !pool.capacity.isFull) {
      const start = backlog.take()
      if (start) this.beginNow(start)
    }
    this.advance(run.token)
  }

  /** Runs of a token have finished, or another process has changed the list: the starts whose turn it is begin. */
  advance(token: string): void {
    this.turns.advance(token)
  }

  stop(): void {
    this.turns.stop()
  }

  /** Cancels the starts of a task that wait in this process. */
  cancel(token: string, task: TaskName): void {
    const { node } = this.core.nodes
    const isMeant = (run: RunningTask) => run.waits !== undefined && run.node === node && isSameTask(run, task)
    const runs = this.core.instance(token).runs.running().filter(isMeant)
    this.cancelRuns(
      token,
      runs.map(({ run }) => run),
    )
  }

  /** Cancels the starts with these ids. `isLost`: another process has finished them, or has them now. */
  cancelRuns(token: string, ids: Iterable<string>, isLost = false): void {
    const { runs } = this.core.instance(token)
    const dropped = [...ids].flatMap((run) => this.drop(token, run, !isLost) ?? [])
    const left = new Set(runs.running().map(({ run }) => run))
    for (const { run, definition, task } of dropped) {
      if (left.has(run)) continue // in another process
      const before = runs.localStatus(definition, task)
      runs.setStatus(definition, task, { ...before, outcome: before.error ? 'failed' : 'cancelled' })
    }
  }

  /** Cancels all starts of a token that wait. */
  cancelToken(token: string): void {
    for (const { saved } of this.pool.queue.of(token)) this.drop(token, saved.run)
  }

  private drop(token: string, id: string, hasFinished = true): RunningTask | undefined {
    const { runs } = this.core.instance(token)
    const record = runs.running().find(({ run, waits }) => run === id && waits !== undefined)
    const isHere = this.pool.queue.take(token, id)
    if (!record || (!isHere && record.node !== this.core.nodes.node)) return undefined
    runs.removeWaiting(id, hasFinished)
    this.bound.delete(id)
    return record
  }
}

/** The number of runs that do not wait. */
const begunOf = (runs: readonly RunningTask[]) => runs.filter(({ waits }) => waits === undefined).length

/** Whether the page has sent a later start of the same task already. */
const isOvertaken = ({ definition, task }: TaskStart, { name, inbox }: StartCall) =>
  inbox?.hasLater({ id: name.id, definition, member: task }) === true
