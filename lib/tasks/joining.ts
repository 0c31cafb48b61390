/**
 * Triggers that come to a run under way. Between the last look of a run at the state and its end, a handler can change the state and
 * return the trigger again. What it changed would be seen by nobody, if the trigger only joined that run; so the task runs once more.
 */
import type { Clock } from '../base/clock.js'
import type { HeldStateError } from '../base/errors.js'
import { type Eventually, promised, rescued } from '../base/eventually.js'
import { diff } from '../delta/diff.js'
import type { Ground } from '../instance/ground.js'
import { nobody, transact } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { granted } from '../instance/write-guard.js'
import type { RunningTask } from '../store/store.js'
import type { Admission } from './again.js'
import type { TaskPool } from './pool.js'
import { isSameTask } from './queue.js'
import type { TaskRun } from './run.js'
import type { JoinedRun, KnownRun, TaskStart } from './task-start.js'

/** What it asks of the hub. */
export interface JoiningGround extends Ground {
  readonly clock: Clock
  report(token: string, error: unknown): void
  tracked<T>(work: Eventually<T>): Eventually<T>
}

export class Joining {
  private readonly ground: JoiningGround
  private readonly pool: Pick<TaskPool, 'find'>
  private readonly start: (start: TaskStart) => Eventually<unknown>
  /** Runs that have not seen what came with a trigger; of several, the last. */
  private readonly unseen = new Map<TaskRun, { readonly start: TaskStart; readonly looks: number }>()
  /** Ids of noted triggers that are being taken out. */
  private readonly met = new Set<string>()

  constructor(ground: JoiningGround, pool: Pick<TaskPool, 'find'>, start: (start: TaskStart) => Eventually<unknown>) {
    this.ground = ground
    this.pool = pool
    this.start = start
  }

  /**
   * What becomes of a trigger that has met `admitted`, one of the runs `entries`. With `isSaved`, it is noted among these until the run has
   * looked at the state. Throws if it may not start; its author hears of it.
   */
  meet(
    start: TaskStart,
    entries: readonly RunningTask[],
    admitted: Admission & { readonly name: 'join' | 'refuse' },
    turn: () => KnownRun,
    isSaved: boolean,
  ): TaskStart | undefined {
    if (admitted.name === 'join' && admitted.run.waits !== undefined) return undefined // it begins later, and sees all there is
    const error = admitted.name === 'refuse' ? admitted.error : undefined
    if (!error && isSaved) {
      const isNoted = entries.some((entry) => entry.joins && isSameTask(entry, start))
      return isNoted ? undefined : { ...start, known: { ...turn(), joins: true } }
    }
    const refused = start.declaration.again === 'reject' ? undefined : error
    const run = this.pool.find(start.token, admitted.run.run)
    if (run) return { ...start, joins: { run, looks: run.looks, refused } }
    if (refused) throw refused
    return undefined
  }

  /** A trigger that has come to a run of this process, and whose change is kept. */
  join(start: TaskStart, { run, looks, refused }: JoinedRun): void {
    const { ground } = this
    if (refused) return void ground.flow.outside(() => ground.tracked(this.refuse(start, run, looks, refused)))
    if (run.looks !== looks || !this.hasNews(run)) return
    if (this.pool.find(run.token, run.id) === run) this.unseen.set(run, { start, looks })
    else this.again(start)
  }

  /** Refused, unless the run ends just now. */
  private async refuse(start: TaskStart, run: TaskRun, looks: number, refused: HeldStateError): Promise<void> {
    do {
      await run.atRest()
      await new Promise<void>((resolve) => this.ground.clock.turn(resolve))
    } while (run.isRunning && run.looks === looks && run.isSaving)
    if (run.looks === looks && isOver(run)) this.again(start)
    else if (run.isOpen) this.ground.report(start.token, refused)
  }

  /** A run of this process has settled: a trigger that came after its last look at the state starts the task once more. */
  ended(run: TaskRun): void {
    const joined = this.unseen.get(run)
    this.unseen.delete(run)
    if (joined && joined.looks === run.looks && isOver(run)) this.again(joined.start)
  }

  private again(start: TaskStart): void {
    const { ground } = this
    const report = (error: unknown) => ground.report(start.token, error)
    void ground.flow.outside(() => ground.tracked(rescued(() => this.start({ ...start, joins: undefined }), report)))
  }

  /** Whether the state is another one than a run has seen last. One that never looks misses nothing. */
  private hasNews(run: TaskRun): boolean {
    const { state } = this.ground.instance(run.token).newest
    return run.looks > 0 && run.seen !== state && diff(run.seen, state).length > 0
  }

  /** Triggers that were noted. One that has come to a run of this process is taken out at once if there is nothing new for that run in the state. */
  meetNoted(token: string, entries: readonly RunningTask[]): void {
    for (const entry of entries) {
      const met = entry.joins && entries.find((run) => run.waits === undefined && isSameTask(run, entry))
      const run = met ? this.pool.find(token, met.run) : undefined
      if (run?.isRunning && !this.met.has(entry.run) && !this.hasNews(run)) this.takeOut(token, entry.run)
    }
  }

  private takeOut(token: string, id: string): void {
    const { ground } = this
    this.met.add(id)
    const joined = (transaction: Transaction) => transaction.ended(id)
    const work = promised(() => transact(ground, token, granted, nobody, joined))
      .catch((error) => ground.report(token, error))
      .finally(() => this.met.delete(id))
    void ground.flow.outside(() => ground.tracked(work))
  }
}

/** It has ended by itself, and is not tried again, here or elsewhere. */
const isOver = ({ isEnding, phase }: TaskRun): boolean =>
  isEnding && phase.name !== 'cancelled' && !(phase.name === 'failed' && phase.reason.code === 'stale-write')
