/**
 * The tasks of one token: what runs here, what runs in other processes, and how the last ones ended. What is saved of them
 * says who runs what, so that the next process, or another one, knows what became of a task, and takes over a durable one.
 */
import type { Failure } from '../base/errors.js'
import type { RunningTask, Stored, TaskEnd, TaskName } from '../store/store.js'
import { idle, type TaskStatus } from './task-status.js'

/** The processes that share a store. */
export interface Processes {
  /** The id of this one. */
  readonly node: string
  /** There may be others. */
  readonly shared: boolean
  isAlive(node: string): boolean
}

/** What a transaction does to the runs of its token, once it is saved. */
export interface RunChanges {
  readonly begun: readonly RunningTask[]
  /** Ids of runs. */
  readonly over: ReadonlySet<string>
}

export class Runs {
  private readonly nodes: Processes
  private readonly changed: (definition: string) => void
  /** As this process sees them. Like the other lists, made for tokens that have tasks. */
  private statuses: Map<string, Record<string, TaskStatus>> | undefined
  private mine: Map<string, RunningTask> | undefined
  /** How many of those wait. */
  private waitsHere = 0
  /** Attempts that have ended here, of which the store believes that they run. */
  private settled: Set<string> | undefined
  private others: readonly RunningTask[] = none
  /** What the store believes. */
  private believed: readonly RunningTask[] = []
  /** Ids of those, made when they are asked for. */
  private believedIds: ReadonlySet<string> | undefined
  private believedEnds: readonly TaskEnd[] = []
  /** Built when they are asked for after a change. */
  private list: readonly RunningTask[] | undefined
  private endList: readonly TaskEnd[] | undefined
  /** Others may have counted the runs here as theirs; the next save says whose they are. */
  private unsaid = false
  /** Durable runs whose process has ended. */
  orphaned: readonly RunningTask[] = none

  /** `changed` is told whose statuses have. */
  constructor(nodes: Processes, changed: (definition: string) => void) {
    this.nodes = nodes
    this.changed = changed
  }

  /** What the store says. Gives the runs of this process that others have ended or taken over. */
  restore({ running, ended }: Pick<Stored, 'running' | 'ended'>, mayTakeOver: boolean): readonly RunningTask[] {
    const { node } = this.nodes
    const kept = new Set(running.filter((run) => run.node === node).map(({ run }) => run))
    const lost = this.believed.filter((run) => run.node === node && this.has(run.run) && !kept.has(run.run))
    const isHere = (run: RunningTask) => run.node === node && (this.has(run.run) || this.hasSettled(run))
    const elsewhere = running.filter((run) => !isHere(run))
    const isDead = (run: RunningTask) => run.node === node || (mayTakeOver && !this.nodes.isAlive(run.node))
    const dead = new Set(elsewhere.filter(isDead))
    this.orphaned = someOf([...dead].filter(({ durable }) => durable))
    const touched = new Set([...this.others, ...elsewhere].map(({ definition }) => definition))
    this.others = someOf(elsewhere.filter((run) => !dead.has(run) || run.durable))
    this.believe(running)
    this.unsaid = mayTakeOver && this.nodes.shared && running.some(isHere)
    this.list = undefined
    if (ended !== this.believedEnds) {
      this.believedEnds = ended
      this.showEnds()
    }
    this.interrupt(dead)
    for (const definition of touched) this.changed(definition)
    return lost
  }

  /** Of tasks that do not run here, and have not ended here since, what the store says is what has come of them. */
  showEnds(): void {
    const ended = this.believedEnds
    const unsaved = this.believed.filter((run) => this.hasSettled(run))
    const isElsewhere = (name: TaskName) =>
      this.isIdle(name.definition, name.task) && !unsaved.some((run) => isSame(run, name))
    for (const { definition, task, outcome, failure = null } of ended)
      if (isElsewhere({ definition, task })) this.setStatus(definition, task, { ...idle, outcome, error: failure })
    if (!this.nodes.shared) return
    for (const { definition, task } of this.ends())
      if (isElsewhere({ definition, task }) && !ended.some((end) => isSame(end, { definition, task })))
        this.setStatus(definition, task, idle)
  }

  /** Processes have died: whether one of them ran tasks of this token, if it is this process's. */
  rejudge(): boolean {
    const dead = new Set(this.others.filter((run) => !this.nodes.isAlive(run.node)))
    this.orphaned = [...dead].filter(({ durable }) => durable)
    this.others = this.others.filter((run) => run.durable || !dead.has(run))
    this.list = undefined
    this.interrupt(dead)
    return dead.size > 0
  }

  /** Runs of processes that have ended. Durable ones go on. */
  private interrupt(dead: ReadonlySet<RunningTask>): void {
    const names = new Map<string, TaskName>()
    for (const run of dead) if (!run.durable) names.set(`${run.definition} ${run.task}`, run)
    for (const { definition, task } of names.values())
      if (this.statusOf(definition, task).running === 0) this.setStatus(definition, task, interrupted(task))
  }

  private believe(running: readonly RunningTask[]): void {
    if (running !== this.believed) this.believedIds = undefined
    this.believed = running
  }

  private isBelieved(run: string): boolean {
    this.believedIds ??= new Set(this.believed.map((known) => known.run))
    return this.believedIds.has(run)
  }

  private isIdle(definition: string, task: string): boolean {
    return this.here(definition, task).running === 0
  }

  /** A run of this process has begun, or is to be saved as it is now. */
  set(run: RunningTask): void {
    this.begun(run)
    this.list = undefined
  }

  private begun(run: RunningTask): void {
    this.mine ??= new Map()
    this.forgetMine(run.run)
    this.mine.set(run.run, run)
    if (run.waits !== undefined) this.waitsHere += 1
  }

  private forgetMine(id: string): RunningTask | undefined {
    const run = this.mine?.get(id)
    if (run && run.waits !== undefined) this.waitsHere -= 1
    this.mine?.delete(id)
    return run
  }

  /** A start waits here from now on. */
  wait(run: RunningTask): void {
    this.set(run)
    this.changed(run.definition)
  }

  /** A start of this process does not wait any more, and has not begun. It has come to its end, unless another process has it. */
  drop(id: string, isEnd: boolean): void {
    const run = this.mine?.get(id)
    if (!run) return
    this.delete(id, run.attempt, isEnd)
    this.changed(run.definition)
  }

  private hasSettled(run: RunningTask): boolean {
    return this.settled?.has(nameOf(run)) === true
  }

  /**
   * An attempt of this process writes nothing more; a later one of the same run may be here already. One that has not settled
   * lost its state to another process, and may go on here if that one leaves it.
   */
  delete(run: string, attempt: number, settled: boolean): void {
    if (this.mine?.get(run)?.attempt !== attempt) return
    this.forgetMine(run)
    if (settled && this.isBelieved(run)) {
      this.settled ??= new Set()
      this.settled.add(nameOf({ run, attempt }))
    }
    this.list = undefined
  }

  /** A run has saved something, so it does not fail for ever. */
  proved(id: string): void {
    const run = this.mine?.get(id)
    if (run?.durable && run.durable.lost > 0) this.set({ ...run, durable: { ...run.durable, lost: 0 } })
  }

  /** What is to be saved as running. */
  running({ begun, over }: RunChanges = unchanged): readonly RunningTask[] {
    this.list ??= sameAs(this.believed, [...this.others, ...(this.mine?.values() ?? none)])
    if (begun.length === 0 && over.size === 0) return this.list
    const begunIds = new Set(begun.map(({ run }) => run))
    return [...this.list.filter(({ run }) => !over.has(run) && !begunIds.has(run)), ...begun]
  }

  /** What is to be saved of how tasks have ended. */
  ends(): readonly TaskEnd[] {
    if (this.endList) return this.endList
    const ends: TaskEnd[] = []
    for (const [definition, statuses] of this.statuses ?? none)
      for (const [task, { outcome, error }] of Object.entries(statuses))
        if (outcome) ends.push({ definition, task, outcome, ...(error && { failure: error }) })
    this.endList = sameAs(this.believedEnds, ends)
    return this.endList
  }

  /** It was saved. */
  saved(running: readonly RunningTask[], ended: readonly TaskEnd[], { begun, over }: RunChanges = unchanged): void {
    const { node } = this.nodes
    this.believe(running)
    this.believedEnds = ended
    this.unsaid = false
    if (this.settled) {
      const names = new Set(running.map(nameOf))
      for (const name of this.settled) if (!names.has(name)) this.settled.delete(name)
      if (this.settled.size === 0) this.settled = undefined
    }
    if (begun.length === 0 && over.size === 0) return
    const taken = new Set(begun.map(({ run }) => run))
    const waited = [...over].map((run) => this.mine?.get(run)).filter((run) => run?.waits !== undefined)
    const changed = [...this.others.filter(({ run }) => over.has(run) || taken.has(run)), ...begun, ...waited]
    const touched = new Set(changed.flatMap((run) => run?.definition ?? []))
    this.others = this.others.filter(({ run }) => !over.has(run) && !taken.has(run))
    this.orphaned = this.orphaned.filter(({ run }) => !over.has(run) && !taken.has(run))
    for (const run of over) this.forgetMine(run)
    for (const run of begun) if (run.node === node) this.begun(run)
    this.list = undefined
    for (const definition of touched) this.changed(definition)
  }

  /** Whether the store believes of tasks what is not so. Where others read it, it must know all of them. */
  get outdated(): boolean {
    const running = this.running()
    const { believed } = this
    if (this.unsaid) return true
    if (running === believed) return this.nodes.shared && this.ends() !== this.believedEnds
    if (this.nodes.shared) return true
    if (believed.length === 0) return false
    const now = new Map(running.map((run) => [run.run, run]))
    return believed.some((run) => !now.has(run.run) || (run.durable && now.get(run.run) !== run))
  }

  /** Whether a run of this process may write. */
  has(run: string): boolean {
    return this.mine?.has(run) === true
  }

  /** How tasks have ended is known in memory only. */
  get hasUnsavedEnds(): boolean {
    return this.outdated || this.ends() !== this.believedEnds
  }

  /** Runs of a task that the store believes to run, in any process. */
  saidToRun(definition: string, task: string): readonly RunningTask[] {
    return this.believed.filter((run) => isSame(run, { definition, task }))
  }

  statusOf(definition: string, task: string): TaskStatus {
    const here = this.here(definition, task)
    if (this.others.length === 0 && this.waitsHere === 0) return here
    const isOfTask = (run: RunningTask) => isSame(run, { definition, task })
    const there = this.others.filter((run) => isOfTask(run) && run.waits === undefined)
    const waiting = this.waiting.filter(isOfTask).length
    const last = there.at(-1)
    if (!last) return waiting === here.waiting ? here : { ...here, waiting }
    const { progress = null, note = null } = here.running > 0 ? here : last
    return { ...here, running: here.running + there.length, waiting, progress, note }
  }

  /** Ids of triggers that wait to see whether a run looks at the state once more. */
  joining(task: TaskName): readonly string[] {
    if (this.others.length === 0 && this.waitsHere === 0) return none
    const isMeant = (entry: RunningTask) => entry.joins === true && isSame(entry, task)
    return this.running()
      .filter(isMeant)
      .map(({ run }) => run)
  }

  /** Starts that wait, in any process, but for those that only look whether a run is at its end. */
  private get waiting(): readonly RunningTask[] {
    const mine = this.waitsHere > 0 ? [...(this.mine?.values() ?? none)] : none
    return [...this.others, ...mine].filter(({ waits, joins }) => waits !== undefined && !joins)
  }

  setStatus(definition: string, task: string, status: TaskStatus): void {
    const before = this.statuses?.get(definition)
    const { error, outcome } = before?.[task] ?? idle
    if (error !== status.error || outcome !== status.outcome) this.endList = undefined
    this.statuses ??= new Map()
    this.statuses.set(definition, { ...before, [task]: status })
    this.changed(definition)
  }

  /** The status of what runs in this process alone. */
  here(definition: string, task: string): TaskStatus {
    return this.statuses?.get(definition)?.[task] ?? idle
  }
}

const none: readonly never[] = []

/** All tokens without any share one list. */
const someOf = <T>(list: readonly T[]): readonly T[] => (list.length > 0 ? list : none)

const unchanged: RunChanges = { begun: [], over: new Set() }

const isSame = (a: TaskName, b: TaskName) => a.definition === b.definition && a.task === b.task

/** A run that is begun again has another name. */
const nameOf = ({ run, attempt }: Pick<RunningTask, 'run' | 'attempt'>) => `${run} ${attempt}`

/** The list that is known already, if it says the same: what is unchanged is not written. */
function sameAs<T>(known: readonly T[], list: readonly T[]): readonly T[] {
  return known.length === list.length && known.every((item, index) => item === list[index]) ? known : list
}

const interrupted = (task: string): TaskStatus => ({
  ...idle,
  outcome: 'failed',
  error: interruption(task),
})

const interruption = (task: string): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was interrupted: the server ended while it ran. What it had saved until then is kept.`,
})
