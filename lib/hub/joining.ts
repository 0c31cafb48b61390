/**
 * Triggers that come to a run under way which may be at its end. Between the last look of a run at the state and its end, a handler can
 * change the state and return the trigger again: what it changed would be seen by nobody, if the trigger joined that run.
 */
import type { Clock } from '../base/clock.js'
import { type Eventually, promised } from '../base/eventually.js'
import { type Trigger, trigger } from '../state/trigger.js'
import type { RunningTask } from '../store/store.js'
import type { Admission } from '../tasks/again.js'
import { granted } from '../tasks/permit.js'
import type { JoinedRun, KnownRun, TaskPool, TaskStart } from '../tasks/pool.js'
import { isSameTask } from '../tasks/queue.js'
import type { TaskRun } from '../tasks/run.js'
import { nobody, transact } from './opening.js'
import type { Ground, Transaction } from './transaction.js'

/** What it asks of the hub. */
export interface JoiningGround extends Ground {
  readonly clock: Clock
  start(token: string, triggers: readonly Trigger[]): void
  report(token: string, error: unknown): void
  tracked<T>(work: Eventually<T>): Eventually<T>
}

export class Joining {
  private readonly ground: JoiningGround
  private readonly pool: Pick<TaskPool, 'find'>
  /** Ids of triggers of other processes that are looked at. */
  private readonly met = new Set<string>()

  constructor(ground: JoiningGround, pool: Pick<TaskPool, 'find'>) {
    this.ground = ground
    this.pool = pool
  }

  /** What becomes of a trigger that has met `admitted`: one of the runs `entries`. Throws if it may not start; its author hears of it. */
  meet(
    start: TaskStart,
    entries: readonly RunningTask[],
    admitted: Admission & { readonly name: 'join' | 'refuse' },
    turn: () => KnownRun,
  ): TaskStart | undefined {
    const error = admitted.name === 'refuse' ? admitted.error : undefined
    const refused = start.declaration.again === 'reject' ? undefined : error
    const run = this.pool.find(start.token, admitted.run.run)
    if (run) return { ...start, joins: { run, looks: run.looks, refused } }
    const { node, shared } = this.ground.nodes
    const isElsewhere = shared && admitted.run.node !== node && admitted.run.waits === undefined
    const isNoted = entries.some((entry) => entry.joins && isSameTask(entry, start))
    if (isElsewhere && !error && !isNoted) return { ...start, known: { ...turn(), joins: true } }
    if (refused) throw refused
    return undefined
  }

  /** A trigger that has come to a run of this process. */
  join({ token, definition, task, given }: TaskStart, { run, looks, refused }: JoinedRun): void {
    const { ground } = this
    const decide = async () => {
      if (await this.isAtEnd(run, looks)) ground.start(token, [trigger(definition, task, given)])
      else if (refused && run.isOpen) ground.report(token, refused)
    }
    void ground.flow.outside(() => ground.tracked(decide()))
  }

  /** Triggers of other processes that have come to runs of this one, and wait to see whether these end. */
  meetOthers(token: string, entries: readonly RunningTask[]): void {
    for (const entry of entries) {
      const met = entry.joins && entries.find((run) => run.waits === undefined && isSameTask(run, entry))
      const run = met ? this.pool.find(token, met.run) : undefined
      if (!run?.isRunning || this.met.has(entry.run)) continue
      this.met.add(entry.run)
      const decide = () => this.decide(token, entry.run, run).finally(() => this.met.delete(entry.run))
      void this.ground.flow.outside(() => this.ground.tracked(decide()))
    }
  }

  /** Takes the trigger out, if it has joined the run. */
  private async decide(token: string, id: string, run: TaskRun): Promise<void> {
    const { ground } = this
    if (await this.isAtEnd(run, run.looks)) return
    const joined = (transaction: Transaction) => transaction.ended(id)
    await promised(() => transact(ground, token, granted, nobody, joined)).catch((error) => ground.report(token, error))
  }

  /** Whether a run ends now, with no look at the state after its last one: what was changed since, it has not seen. */
  private async isAtEnd(run: TaskRun, looks: number): Promise<boolean> {
    const { clock } = this.ground
    do {
      await run.atRest()
      await new Promise<void>((resolve) => clock.turn(resolve))
    } while (run.isRunning && run.looks === looks && run.isSaving)
    return run.phase.name === 'done' && run.looks === looks
  }
}
