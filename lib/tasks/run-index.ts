/**
 * The runs that have not settled, by token, task, browser and address: what many starts and cancels ask is answered without a look at
 * every run.
 */
import { Tally } from '../base/tally.js'
import type { RunOwner, TaskRun } from './run.js'

/** Runs of one task of one token. */
export class TaskGroup {
  /** All that have not settled, in the order of their starts. */
  readonly runs = new Set<TaskRun>()
  /** Those that may write. */
  readonly running = new Set<TaskRun>()
  /** Those that run, or have failed and may be tried again. */
  readonly open = new Set<TaskRun>()
  /** Done when the runs that were cancelled have ended or had their time; undefined once they have. */
  cancelling: Promise<void> | undefined

  /** A run has left its phase. */
  moved(run: TaskRun): void {
    if (!run.isRunning) this.running.delete(run)
    if (!run.isOpen) this.open.delete(run)
  }
}

/** Runs of one token. */
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
    const { token, definition, task, owner } = run
    const ofToken = this.tokens.get(token) ?? { runs: new Map(), all: new Set(), groups: new Map() }
    this.tokens.set(token, ofToken)
    const name = nameOf(definition, task)
    const group = ofToken.groups.get(name) ?? new TaskGroup()
    ofToken.groups.set(name, group)
    for (const set of [this.all, ofToken.all, group.runs, group.running, group.open]) set.add(run)
    ofToken.runs.set(run.id, run)
    this.count(owner, 1)
  }

  delete(run: TaskRun): void {
    const ofToken = this.tokens.get(run.token)
    if (!ofToken || !this.all.delete(run)) return
    const name = nameOf(run.definition, run.task)
    const group = ofToken.groups.get(name)
    for (const set of [ofToken.all, group?.runs, group?.running, group?.open]) set?.delete(run)
    if (group?.runs.size === 0) ofToken.groups.delete(name)
    if (ofToken.runs.get(run.id) === run) ofToken.runs.delete(run.id) // a later attempt has the same id
    if (ofToken.all.size === 0) this.tokens.delete(run.token)
    this.count(run.owner, -1)
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

/** No id of a state has a space. */
const nameOf = (definition: string, task: string) => `${definition} ${task}`
