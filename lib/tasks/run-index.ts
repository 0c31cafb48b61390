/** The runs that have not settled, by token, task, browser and address, so that a start or a cancel need not look at every run. */
import { Tally } from '../base/tally.js'
import type { TaskRun } from './run.js'
import type { RunOwner } from './run-spec.js'

/** The runs of one task of one token. */
export class TaskGroup {
  readonly token: string
  /** All runs, in the order of their starts. */
  readonly runs = new Set<TaskRun>()
  /** The runs that may write. */
  readonly running = new Set<TaskRun>()
  /** The runs that may write, or have failed and may be tried again. */
  readonly open = new Set<TaskRun>()
  /** Resolves when the cancelled runs have settled or their grace is over; undefined after that. */
  cancelling: Promise<void> | undefined

  constructor(token: string) {
    this.token = token
  }

  /** Waits for runs that were cancelled. `onStopped` is called when the group waits for no run any more. */
  waitFor(runs: readonly TaskRun[], onStopped: () => void): void {
    const cancelling = Promise.all([this.cancelling, ...runs.map(({ stopping }) => stopping)]).then(() => {
      if (this.cancelling !== cancelling) return
      this.cancelling = undefined
      onStopped()
    })
    this.cancelling = cancelling
  }

  onPhaseChanged(run: TaskRun): void {
    if (!run.isRunning) this.running.delete(run)
    if (!run.isOpen) this.open.delete(run)
  }
}

/** The runs of one token. */
interface TokenRuns {
  readonly runs: Map<string, TaskRun>
  readonly all: Set<TaskRun>
  readonly groups: Map<string, TaskGroup>
}

const nothing: ReadonlySet<TaskRun> = new Set()

export class RunIndex {
  readonly all = new Set<TaskRun>()
  private readonly tokens = new Map<string, TokenRuns>()
  private readonly browsers = new Tally()
  private readonly addresses = new Tally()

  add(run: TaskRun): void {
    const { token, definition, task, spec } = run
    const ofToken = this.tokens.get(token) ?? { runs: new Map(), all: new Set(), groups: new Map() }
    this.tokens.set(token, ofToken)
    const name = nameOf(definition, task)
    const group = ofToken.groups.get(name) ?? new TaskGroup(token)
    ofToken.groups.set(name, group)
    for (const set of [this.all, ofToken.all, group.runs, group.running, group.open]) set.add(run)
    ofToken.runs.set(run.id, run)
    this.count(spec.owner, 1)
  }

  delete(run: TaskRun): void {
    const ofToken = this.tokens.get(run.token)
    if (!ofToken || !this.all.delete(run)) return
    const name = nameOf(run.definition, run.task)
    const group = ofToken.groups.get(name)
    for (const set of [ofToken.all, group?.runs, group?.running, group?.open]) set?.delete(run)
    if (group?.runs.size === 0) ofToken.groups.delete(name)
    if (ofToken.runs.get(run.id) === run) ofToken.runs.delete(run.id) // a further attempt has the same id
    if (ofToken.all.size === 0) this.tokens.delete(run.token)
    this.count(run.spec.owner, -1)
  }

  of(token: string): ReadonlySet<TaskRun> {
    return this.tokens.get(token)?.all ?? nothing
  }

  find(token: string, id: string): TaskRun | undefined {
    return this.tokens.get(token)?.runs.get(id)
  }

  group(token: string, definition: string, task: string): TaskGroup | undefined {
    return this.tokens.get(token)?.groups.get(nameOf(definition, task))
  }

  groupOf({ token, definition, task }: TaskRun): TaskGroup | undefined {
    return this.group(token, definition, task)
  }

  byGroup(runs: Iterable<TaskRun>): ReadonlyMap<TaskGroup, readonly TaskRun[]> {
    const groups = new Map<TaskGroup, TaskRun[]>()
    for (const run of runs) {
      const group = this.groupOf(run)
      const known = group && groups.get(group)
      if (known) known.push(run)
      else if (group) groups.set(group, [run])
    }
    return groups
  }

  ofBrowser(browser: string): number {
    return this.browsers.of(browser)
  }

  ofAddress(address: string): number {
    return this.addresses.of(address)
  }

  private count({ browser, address }: RunOwner, by: number): void {
    this.browsers.add(browser, by)
    this.addresses.add(address, by)
  }
}

/** Ids of states have no spaces. */
const nameOf = (definition: string, task: string) => `${definition} ${task}`
