/**
 * The task runs of one token, in all processes: one entry a run, next to the list that the store has. The saved list says which
 * process has which run, so that any process can show and cancel it, and a durable run goes on after its process has died.
 */
import type { TaskStatus } from '../protocol/task-status.js'
import type { RunningTask, TaskEnd, TaskName } from '../store/store.js'
import { type NewEnd, RunEnds } from './run-ends.js'
import { isHere, isOpen, isRemote, isUncounted, type Run, RunTable } from './run-table.js'
import { sameList } from './same-list.js'
import { shownStatus } from './shown-status.js'
import { type RunChanges, unchangedRuns } from './staged-runs.js'
import { isSameTask as isSame, type SavedTasks, StoredRuns } from './stored-runs.js'
import { interrupted, type StatusOwner, TaskStatuses } from './task-statuses.js'

/** The processes that share a store. */
export interface Processes {
  /** The id of this process. */
  readonly node: string
  /** Whether other processes may use the store. */
  readonly shared: boolean
  isAlive(node: string): boolean
}

export class TaskRuns {
  private readonly nodes: Processes
  private readonly owner: StatusOwner
  private readonly statuses: TaskStatuses
  private readonly table = new RunTable()
  readonly lastEnds = new RunEnds()
  private readonly stored = new StoredRuns()
  /** Rises when a run has come, has changed, or has finished. */
  version = 0
  /** The list to save, and what pages see of each task. Undefined after a change, until needed. */
  private derived: readonly RunningTask[] | undefined
  private shown: Map<string, TaskStatus> | undefined
  /** Other processes may not know yet that the stored runs of this process are still here. The next save publishes that. */
  private unpublished = false

  constructor(nodes: Processes, owner: StatusOwner) {
    this.nodes = nodes
    this.owner = owner
    this.statuses = new TaskStatuses(owner)
  }

  /**
   * Adopts what the store has. `owned`: this process owns the token, so it decides which runs are orphaned. Returns the local
   * runs that another process has finished or taken over.
   */
  restore({ running, ended, runEnds }: SavedTasks, owned: boolean): readonly RunningTask[] {
    const isDead = ({ node }: RunningTask) => node === this.nodes.node || (owned && !this.nodes.isAlive(node))
    const local = running.filter((record) => this.isLocal(record))
    const remote = running.filter((record) => !this.isLocal(record))
    const lost = this.lostTo(running)
    const before = this.table.list(() => true)
    this.lastEnds.restore(runEnds, (end) => remote.some(({ run }) => run === end.run))
    const names = new Set(local.map(({ run }) => run))
    const gone = new Set(lost)
    this.table.reset([
      ...remote.flatMap((record) => remoteRun(record, isDead(record)) ?? []),
      ...before.filter(({ at, record }) =>
        at === 'here' ? !gone.has(record) : at === 'finished' && names.has(record.run),
      ),
    ])
    this.outdate()
    this.unpublished = owned && this.nodes.shared && local.length > 0
    const hasNewEnds = ended !== this.stored.ended
    this.stored.set({ running, ended })
    if (hasNewEnds) this.showStoredEnds()
    this.interrupt(remote.filter((record) => isDead(record) && !record.durable))
    this.changed([...before.filter(isRemote).map(({ record }) => record), ...remote, ...lost])
    return lost
  }

  /** Whether a stored run is in this process, or has finished here since. */
  private isLocal({ run, node, attempt }: RunningTask): boolean {
    const known = this.table.get(run)
    if (!known || node !== this.nodes.node) return false
    return known.at === 'here' || (known.at === 'finished' && known.record.attempt === attempt)
  }

  /** Local runs that were stored as such, and now are not, or are another process's. */
  private lostTo(running: readonly RunningTask[]): readonly RunningTask[] {
    const nodes = new Map(running.map(({ run, node }) => [run, node]))
    const isLost = ({ run }: RunningTask) =>
      nodes.get(run) !== this.nodes.node && (nodes.has(run) || this.stored.has(run))
    return this.table.records(isHere).filter(isLost)
  }

  /** Shows how tasks have finished, as stored, except where this process knows better: a run is here, or its end is unsaved. */
  showStoredEnds(): void {
    const { running, ended } = this.stored
    const unsaved = running.filter(({ run }) => this.table.get(run)?.at === 'finished')
    this.shown = undefined
    this.statuses.showStored(ended, unsaved, this.nodes.shared)
  }

  /** After processes have died, in the owner of the token. Returns whether a run of the token has lost its process. */
  recheckLiveness(): boolean {
    const remote = this.table.records(isRemote)
    const isDead = ({ node }: RunningTask) => node === this.nodes.node || !this.nodes.isAlive(node)
    const ended = remote.filter((record) => isDead(record) && !record.durable)
    for (const record of remote) {
      const run = remoteRun(record, isDead(record))
      if (run) this.put(run)
      else this.remove(record.run)
    }
    this.interrupt(ended)
    this.changed(ended)
    return remote.some(isDead)
  }

  /** Shows that runs have died with their process, where no other copy of the task runs. */
  private interrupt(dead: readonly RunningTask[]): void {
    for (const { definition, task, run } of dead) {
      const status = interrupted(task)
      if (this.statusOf(definition, task).running === 0) this.setStatus(definition, task, status)
      const end = { definition, task, run, outcome: 'failed', failure: status.error ?? undefined } as const
      if (!this.lastEnds.of(run)) this.addEnd(end)
    }
  }

  /** A run has begun in this process, or its record has changed. */
  setLocal(record: RunningTask): void {
    this.put({ at: 'here', record })
    this.owner.statusChanged(record.definition)
  }

  /** A local start waits no more and has not begun. `hasFinished`: it was cancelled, and is not another process's now. */
  removeWaiting(id: string, hasFinished: boolean): void {
    const run = this.table.get(id)
    if (run?.at !== 'here') return
    const { definition, task, joins, attempt } = run.record
    if (hasFinished && !joins) this.addEnd({ definition, task, run: id, outcome: 'cancelled' })
    this.finishLocal(id, attempt, hasFinished)
    this.owner.statusChanged(definition)
  }

  /** A run has finished, in this process or with another one. */
  addEnd(end: NewEnd): void {
    this.lastEnds.add(end)
    this.outdate()
    this.owner.statusChanged(end.definition)
  }

  /**
   * An attempt of this process writes nothing more. A later attempt of the same run may be here already: it stays. `hasFinished` is
   * false for a run that has lost the token to another process: if that process leaves it in the list, it goes on.
   */
  finishLocal(id: string, attempt: number, hasFinished: boolean): void {
    const run = this.table.get(id)
    if (run?.at !== 'here' || run.record.attempt !== attempt) return
    if (hasFinished && this.stored.has(id)) this.put({ at: 'finished', record: run.record, unsaved: true })
    else this.remove(id)
  }

  /** A local run has saved something, so it is not what makes processes die. */
  resetLost(id: string): void {
    const run = this.table.get(id)
    const durable = run?.at === 'here' ? run.record.durable : undefined
    if (run && durable && durable.lost > 0) this.setLocal({ ...run.record, durable: { ...durable, lost: 0 } })
  }

  /** The list to save: remote runs, then local ones, with `changes`. The stored list itself if that says the same. */
  running({ added, removed }: RunChanges = unchangedRuns): readonly RunningTask[] {
    this.derived ??= sameList(this.stored.running, [...this.table.records(isRemote), ...this.table.records(isHere)])
    if (added.length === 0 && removed.size === 0) return this.derived
    const ids = new Set(added.map(({ run }) => run))
    return [...this.derived.filter(({ run }) => !removed.has(run) && !ids.has(run)), ...added]
  }

  /** The list of task ends to save, with `changes`. */
  endsToStore({ tasks = none }: RunChanges = unchangedRuns): readonly TaskEnd[] {
    const ends = this.statuses.endsToStore(this.stored.ended)
    return tasks.reduce((list, task) => [...list.filter((end) => !isSame(end, task)), task], ends)
  }

  /** The store has these lists, and the `changes` that are part of them. */
  saved({ running, ended, runEnds }: SavedTasks, changes?: RunChanges): void {
    if (running !== this.stored.running) {
      this.dropSavedEnds(running)
      this.derived = undefined
    }
    this.lastEnds.saved(runEnds, changes?.finished)
    this.stored.set({ running, ended })
    this.unpublished = false
    if (changes) this.applySaved(changes)
  }

  private applySaved({ added, removed, finished = none, tasks = none }: RunChanges): void {
    if (finished.length > 0) this.outdate()
    for (const task of tasks) this.statuses.finish(task)
    const replaced = [...removed, ...added.map(({ run }) => run)].map((id) => this.table.get(id))
    for (const id of removed) this.remove(id)
    for (const record of added) this.setLocal(record)
    this.changed([...replaced.flatMap((run) => (run && isUncounted(run) ? run.record : [])), ...added, ...finished])
  }

  private dropSavedEnds(running: readonly RunningTask[]): void {
    const attempts = new Map(running.map(({ run, attempt }) => [run, attempt]))
    for (const record of this.table.records(({ at }) => at === 'finished'))
      if (attempts.get(record.run) !== record.attempt) this.remove(record.run)
  }

  /** Whether the stored lists differ from those to save, where that matters: other processes read all of them. */
  get outdated(): boolean {
    if (this.unpublished) return true
    const running = this.running()
    const { stored, nodes } = this
    if (running === stored.running) return nodes.shared && !this.areEndsSaved
    if (nodes.shared) return true
    if (stored.running.length === 0) return false
    const now = new Map(running.map((record) => [record.run, record]))
    return stored.running.some((record) => !now.has(record.run) || (record.durable && now.get(record.run) !== record))
  }

  /** Whether the end of a task is known in memory only. */
  get hasUnsavedEnds(): boolean {
    return this.outdated || !this.areEndsSaved
  }

  private get areEndsSaved(): boolean {
    return this.endsToStore() === this.stored.ended && this.lastEnds.isSaved
  }

  get orphaned(): readonly RunningTask[] {
    return this.table.records(({ at }) => at === 'orphaned')
  }

  /** Whether a run, or a start that waits, is in this process. */
  isHere(id: string): boolean {
    return this.table.get(id)?.at === 'here'
  }

  /** Whether a run of the task, or a start that waits, is in any process. */
  has(id: string, task: TaskName): boolean {
    const run = this.table.get(id)
    return run !== undefined && isOpen(run) && isSame(run.record, task)
  }

  /** The stored runs, or those of one task, in all processes. */
  storedRuns(task?: TaskName): readonly RunningTask[] {
    return this.stored.of(task)
  }

  statusOf(definition: string, task: string): TaskStatus {
    if (this.table.isEmpty && this.lastEnds.all.length === 0) return this.localStatus(definition, task)
    const name = `${definition} ${task}`
    const known = this.shown?.get(name)
    if (known) return known
    const runs = this.table.list((run) => isOpen(run) && isSame(run.record, { definition, task }))
    const status = shownStatus(this.localStatus(definition, task), runs, this.lastEnds.resultOf({ definition, task }))
    this.shown = (this.shown ?? new Map()).set(name, status)
    return status
  }

  /** The status without the runs of other processes and the starts that wait. */
  localStatus(definition: string, task: string): TaskStatus {
    return this.statuses.of(definition, task)
  }

  setStatus(definition: string, task: string, status: TaskStatus): void {
    this.shown = undefined // first: the change is announced
    this.statuses.set(definition, task, status)
  }

  /** Ids of the triggers that wait to see whether a run of the task looks at the state once more. */
  joining(task: TaskName): readonly string[] {
    if (this.table.uncounted === 0) return none
    return this.running().flatMap((record) => (record.joins === true && isSame(record, task) ? record.run : []))
  }

  private put(run: Run): void {
    this.table.put(run)
    this.outdate()
  }

  private remove(id: string): void {
    this.table.delete(id)
    this.outdate()
  }

  private outdate(): void {
    this.derived = undefined
    this.shown = undefined
    this.version += 1
  }

  private changed(records: readonly TaskName[]): void {
    for (const definition of new Set(records.map(({ definition }) => definition))) this.owner.statusChanged(definition)
  }
}

const none: readonly never[] = []

/** A non-durable run dies with its process. */
function remoteRun(record: RunningTask, isDead: boolean): Run | undefined {
  if (!isDead) return { at: 'elsewhere', record }
  return record.durable ? { at: 'orphaned', record } : undefined
}
