/**
 * How the tasks of a hub start: at once, after the runs before them, in place of those, or as part of one that is under way. What is
 * saved of runs decides, so that it is the same whichever process is asked.
 */

import { copyValue } from '../base/copy.js'
import { after, type Eventually, promised } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import { fixedLimits } from '../base/server-limits.js'
import { type CallName, withEnd } from '../instance/call-log.js'
import { closed } from '../instance/in-flight.js'
import { madeBy } from '../instance/slips.js'
import { nobody, transact, transactPipelined } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { granted } from '../instance/write-guard.js'
import { isStale } from '../store/errors.js'
import type { RunningTask } from '../store/store.js'
import { admission, restarted, sameOf } from './again.js'
import { Joining, type JoiningGround } from './joining.js'
import type { TaskPool } from './pool.js'
import { isFirst, isSameTask, nextTurn, type WaitingStart } from './queue.js'
import type { TaskRun } from './run.js'
import type { TaskStart } from './task-start.js'
import { WaitingStarts } from './waiting-starts.js'

/** What it asks of the hub. */
export interface StartingGround extends JoiningGround {
  readonly limits: Limits
  readonly isClosing: boolean
}

export interface SentCalls {
  /** Whether it has sent such a call after the one with this id. */
  hasLater(call: { readonly id: number; readonly definition: string; readonly member: string }): boolean
}

/** The call of a page that starts a task, and what the page has sent since. */
export interface StartCall {
  readonly name: CallName
  readonly inbox?: SentCalls | undefined
}

export class Starting {
  private readonly ground: StartingGround
  private readonly pool: TaskPool
  private readonly began: (run: TaskRun) => void
  /** Starts that wait for a place in the process. */
  private readonly full = new WaitingStarts()
  private readonly joining: Joining
  /** Ids of runs whose turn is being saved. */
  private readonly busy = new Set<string>()
  /** Tokens of which a turn could not be saved, and is tried again. */
  private readonly later = new Map<string, () => void>()

  constructor(ground: StartingGround, pool: TaskPool, began: (run: TaskRun) => void) {
    this.ground = ground
    this.pool = pool
    this.began = began
    this.joining = new Joining(ground, pool, (start) => this.start(start, undefined))
  }

  /** `call` is that of a page; a trigger has none. */
  start(start: TaskStart, call: StartCall | undefined): Eventually<'answered' | void> {
    if (this.ground.isClosing) throw closed()
    if (this.isSaved(start)) return this.startSaved(start, call)
    const instance = this.ground.instance(start.token)
    const next = this.admit(start, start.declaration.concurrency === 'many' ? [] : instance.runs.running(), call)
    if (!next) return
    instance.exists = true
    if (call) instance.calls = withEnd(instance.calls, call.name, undefined, this.ground.limits) // first: the task may save at once
    if (next.known || next.joins) this.begin(next)
    else this.run(next)
  }

  /** A task that must outlive its process, or that others must know of, is saved before it begins. */
  isSaved({ declaration }: Pick<TaskStart, 'declaration'>): boolean {
    return declaration.durable || this.ground.nodes.shared
  }

  private startSaved(start: TaskStart, call: StartCall | undefined): Eventually<'answered' | void> {
    const work = (transaction: Transaction) => {
      transaction.begins()
      return this.announce(start, transaction, call)
    }
    const request = { token: start.token, guard: granted, author: nobody, work, call: { name: call?.name } }
    return after(transactPipelined(this.ground, request), (outcome) => {
      if (outcome === 'answered') return outcome
      const { value: next } = outcome
      return after(outcome.durable, () => next && this.begin(next))
    })
  }

  /** The start is saved with the change that `transaction` makes. Gives what is to begin then, if anything is; throws if it may not. */
  announce(start: TaskStart, transaction: Transaction, call?: StartCall): TaskStart | undefined {
    const next = this.admit(start, transaction.running, call)
    if (!next || next.joins) return next
    const { task, declaration, given } = start
    const durable = declaration.durable
      ? { args: copyValue(given, [task, 'arguments']) as unknown[], lost: 0, failed: 0 }
      : undefined
    const known = { run: this.ground.clock.id(), attempt: 1, ...next.known, durable }
    for (const run of known.replaces ?? []) transaction.ended(run)
    transaction.began(this.entryOf({ ...next, known }))
    return { ...next, known }
  }

  /** What becomes of a start. Throws if it may not be. */
  private admit(start: TaskStart, entries: readonly RunningTask[], call: StartCall | undefined): TaskStart | undefined {
    const { token, task } = start
    if (start.declaration.concurrency === 'many') {
      this.pool.room.check(token, task, runningOf(entries))
      return start
    }
    const ofTask = entries.filter((entry) => isSameTask(entry, start))
    const isNoted = ofTask.some(({ waits }) => waits === undefined) // what may join a run that is there is part of it
    const present = isNoted ? ofTask.filter(({ joins }) => !joins) : ofTask
    const isEnding = ({ run }: RunningTask) => this.pool.find(token, run)?.isEnding === true
    const open = present.filter((entry) => !isEnding(entry))
    const isStopping = start.declaration.concurrency === 'queue' && this.stopping(start) !== undefined
    const admitted = admission(start, { open, isEnding: open.length < present.length || isStopping })
    if (admitted.name === 'join' || admitted.name === 'refuse') {
      if (!call) return this.joining.meet(start, entries, admitted, () => this.turn(entries), this.isSaved(start))
      if (admitted.name === 'refuse') throw admitted.error
      return undefined
    }
    if (admitted.name === 'replace' && call && isOvertaken(start, call)) throw restarted(task)
    this.pool.room.check(token, task, runningOf(entries))
    if (admitted.name === 'begin') return start
    const replaces = admitted.name === 'replace' ? open.map(({ run }) => run) : undefined
    this.pool.queue.check(
      start,
      entries.filter(({ run }) => !replaces?.includes(run)),
    )
    return { ...start, known: { ...this.turn(entries), replaces } }
  }

  private turn(entries: readonly RunningTask[]) {
    return { run: this.ground.clock.id(), attempt: 1, waits: nextTurn(entries) }
  }

  private entryOf({ definition, task, known, ...start }: TaskStart & Pick<Required<TaskStart>, 'known'>): RunningTask {
    const { run = '', attempt = 1, durable, waits, joins } = known ?? {}
    const same = sameOf({ definition, task, ...start })
    return {
      definition,
      task,
      run,
      node: this.ground.nodes.node,
      attempt,
      durable,
      ...(same !== undefined && { same }),
      ...(waits !== undefined && { waits }),
      ...(joins && { joins }),
    }
  }

  private run(start: TaskStart): void {
    const { definition, task, token } = start
    const made = madeBy(this.ground.log, { definition, task })
    const as = made && { token, holder: undefined, outer: undefined, active: false, made }
    const run = this.ground.flow.outside(() => this.pool.start(start), as)
    if (made) void run.settled.then(() => run.phase.name === 'done' && made.end(false))
    this.began(run)
  }

  /** Whether the process runs as many tasks as it may: what others have left waits where it is. */
  get isFull(): boolean {
    return this.pool.room.isFull || this.full.size > 0
  }

  /** A token has tasks that wait: for others, or for a place. */
  has(token: string): boolean {
    return this.full.has(token) || this.pool.queue.has(token)
  }

  /** Begins what was admitted. It is never refused: where the process is full, it waits for a place. */
  begin(start: TaskStart): void {
    const { joins, known, token, task } = start
    if (joins) return this.joining.join(start, joins)
    if (known?.replaces) {
      for (const run of known.replaces) this.drop(token, run)
      void this.pool.cancelRuns(token, known.replaces, restarted(task))
    }
    if (known?.waits !== undefined) this.wait({ ...start, known: { ...known, waits: known.waits } })
    else if (this.isFull) this.full.add(start)
    else this.beginNow(start)
  }

  /** Begins what has waited for a place. */
  private beginWaiting(): void {
    while (!this.pool.room.isFull) {
      const start = this.full.take()
      if (!start) return
      this.beginNow(start)
    }
  }

  /** Unless it was cancelled before it could. */
  private beginNow(start: TaskStart): void {
    const { ground } = this
    if (ground.isClosing) return // the next process finds it
    const { runs } = ground.instance(start.token)
    if (start.known && runs.isHere(start.known.run)) this.run(start)
  }

  private wait(start: WaitingStart): void {
    const { ground, pool } = this
    const { runs } = ground.instance(start.token)
    if (!this.isSaved(start)) runs.addWaiting(this.entryOf(start))
    else if (!runs.isHere(start.known.run)) return // cancelled meanwhile
    pool.queue.add(start)
    this.advance(start.token)
  }

  /** A run of this process has settled. */
  ended(run: TaskRun): void {
    if (this.ground.isClosing) return
    this.joining.ended(run)
    this.beginWaiting()
    this.advance(run.token)
  }

  /**
   * Runs of a token have ended, or others have said something of them: those begin whose turn it is. What another process has taken over
   * is not taken back for them: they begin when it is known again, or `isDue`.
   */
  advance(token: string, isDue = false): void {
    const { ground, pool } = this
    if (ground.isClosing) return
    const { runs, known } = ground.instance(token)
    if (ground.nodes.shared || pool.queue.has(token)) this.joining.meetNoted(token, runs.running())
    if (!pool.queue.has(token)) return
    for (const start of pool.queue.of(token)) {
      const { run } = start.known
      if (!runs.isHere(run)) pool.queue.take(token, run)
      else if (!this.isTurn(start, runs.running())) continue
      else if (!this.isSaved(start)) this.beginTurn(start)
      else if (known || isDue) this.saveTurn(start)
    }
  }

  private stopping({ token, definition, task }: TaskStart): Promise<void> | undefined {
    return this.pool.stopping(token, definition, task)
  }

  private isTurn(start: WaitingStart, entries: readonly RunningTask[]): boolean {
    const entry = entries.find(({ run }) => run === start.known.run)
    return entry !== undefined && isFirst(entry, entries) && this.stopping(start) === undefined
  }

  private beginTurn(start: WaitingStart): void {
    const { token, known, definition, task } = start
    const { registry } = this.ground
    if (!this.pool.queue.take(token, known.run)) return
    const newest = registry.has(definition) ? registry.get(definition).members.tasks.get(task) : undefined // it may have been edited
    const { run, attempt, durable } = known
    this.begin({ ...start, declaration: newest ?? start.declaration, known: { run, attempt, durable } })
  }

  /** Others must know that it runs, before it does. */
  private saveTurn(start: WaitingStart): void {
    const { token, known } = start
    const { ground } = this
    const work = (transaction: Transaction) => {
      const entry = transaction.running.find(({ run }) => run === known.run)
      if (!entry || !this.isTurn(start, transaction.running)) return false
      const { waits, joins, ...runs } = entry
      transaction.began(runs)
      return true
    }
    this.once(known.run, async () => {
      try {
        if (await promised(() => transact(ground, token, granted, nobody, work))) this.beginTurn(start)
      } catch (error) {
        if (isStale(error)) return
        ground.report(token, error)
        if (!ground.isClosing) this.advanceLater(token)
      }
    })
  }

  private advanceLater(token: string): void {
    if (this.later.has(token)) return
    const again = () => {
      this.later.delete(token)
      this.advance(token, true)
    }
    this.later.set(token, this.ground.clock.after(fixedLimits.saveAgainMs, again))
  }

  /** Waits for nothing any more. */
  end(): void {
    for (const cancelTimer of this.later.values()) cancelTimer()
  }

  private once(run: string, work: () => Promise<void>): void {
    if (this.busy.has(run)) return
    this.busy.add(run)
    void this.ground.flow.outside(() => this.ground.tracked(work().finally(() => this.busy.delete(run))))
  }

  /** Starts of a task that wait here wait no more; whether there were any. */
  cancel(token: string, definition: string, task: string): boolean {
    const { nodes } = this.ground
    const { runs } = this.ground.instance(token)
    const isMeant = (entry: RunningTask) =>
      entry.waits !== undefined && entry.node === nodes.node && isSameTask(entry, { definition, task })
    return this.cancelRuns(
      token,
      runs
        .running()
        .filter(isMeant)
        .map(({ run }) => run),
    )
  }

  /** The same of those with these ids. With `isOverruled`, another process has ended them or has them now. */
  cancelRuns(token: string, ids: Iterable<string>, isOverruled = false): boolean {
    const { runs } = this.ground.instance(token)
    const names = [...ids].flatMap((run) => this.drop(token, run, !isOverruled) ?? [])
    const left = new Set(runs.running().map(({ run }) => run))
    for (const { run, definition, task } of names) {
      if (left.has(run)) continue // another process has it
      const before = runs.localStatus(definition, task)
      runs.setStatus(definition, task, { ...before, outcome: before.error ? 'failed' : 'cancelled' })
    }
    return names.length > 0
  }

  /** All that wait of a token. */
  cancelToken(token: string): void {
    for (const { known } of this.pool.queue.of(token)) this.drop(token, known.run)
  }

  private drop(token: string, id: string, isEnd = true): RunningTask | undefined {
    const { runs } = this.ground.instance(token)
    const entry = runs.running().find(({ run, waits }) => run === id && waits !== undefined)
    const isHere = this.pool.queue.take(token, id)
    if (!entry || (!isHere && entry.node !== this.ground.nodes.node)) return undefined
    runs.removeWaiting(id, isEnd)
    return entry
  }
}

const runningOf = (entries: readonly RunningTask[]) => entries.filter(({ waits }) => waits === undefined).length

/** Its page has sent a later start of the same task already. */
const isOvertaken = ({ definition, task }: TaskStart, { name, inbox }: StartCall) =>
  inbox?.hasLater({ id: name.id, definition, member: task }) === true
