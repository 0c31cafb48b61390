/**
 * The starts of this process that wait for runs of their task: those of a queue, and a start that follows a run which is finishing.
 * The saved list of runs has their order, over all processes; the queue has what they begin with.
 */
import { Tally } from '../base/tally.js'
import { sizeOf } from '../base/value.js'
import type { RunningTask, TaskName } from '../store/store.js'
import type { TasksCore } from './core.js'
import type { RunOwner } from './run-spec.js'
import type { TaskStart, WaitingStart } from './task-start.js'
import { tooManyTasks } from './too-many-tasks.js'

interface Entry {
  readonly start: WaitingStart
  readonly owner: RunOwner
  /** Bytes of the arguments. */
  readonly bytes: number
}

/** The entries of one token, by id of the run. */
interface TokenQueue {
  readonly entries: Map<string, Entry>
  bytes: number
}

export class TaskQueue {
  private readonly core: Pick<TasksCore, 'limits' | 'memory' | 'instance'>
  private readonly tokens = new Map<string, TokenQueue>()
  private readonly browsers = new Tally()
  private readonly addresses = new Tally()
  /** The number of starts, of all tokens. */
  size = 0
  private bytes = 0

  constructor(core: Pick<TasksCore, 'limits' | 'memory' | 'instance'>) {
    this.core = core
  }

  has(token: string): boolean {
    return this.tokens.has(token)
  }

  ofBrowser(browser: string): number {
    return this.browsers.of(browser)
  }

  ofAddress(address: string): number {
    return this.addresses.of(address)
  }

  /** The starts of a token, by turn. */
  of(token: string): readonly WaitingStart[] {
    const starts = [...(this.tokens.get(token)?.entries.values() ?? [])].map(({ start }) => start)
    return starts.sort((a, b) => a.saved.waits - b.saved.waits)
  }

  /** Throws if a further start may not wait. `runs` are all runs of the token, in all processes. */
  check({ token, task, rawArgs }: TaskStart, runs: readonly RunningTask[]): void {
    const { limits, memory } = this.core
    const waiting = runs.filter(({ waits }) => waits !== undefined).length
    if (waiting >= limits.tasksWaiting)
      throw tooManyTasks(`${waiting} starts of this tab are waiting`, 'tasksWaiting', task)
    const bytes = sizeOf(rawArgs, limits.tasksWaitingBytes)
    if ((this.tokens.get(token)?.bytes ?? 0) + bytes > limits.tasksWaitingBytes)
      throw tooManyTasks('The waiting starts of this tab would take too many bytes', 'tasksWaitingBytes', task)
    if (this.bytes + bytes > memory.waitingStarts)
      throw tooManyTasks('All waiting starts together take too many bytes', 'waitingOfHeap', task)
  }

  add(start: WaitingStart): void {
    const { token, saved, rawArgs } = start
    const ofToken = this.tokens.get(token) ?? { entries: new Map(), bytes: 0 }
    if (ofToken.entries.has(saved.run)) return
    this.tokens.set(token, ofToken)
    const { browser, address } = this.core.instance(token)
    const entry = { start, owner: { browser, address }, bytes: sizeOf(rawArgs) }
    ofToken.entries.set(saved.run, entry)
    this.count(ofToken, entry, 1)
  }

  /** Removes a start. Returns false if it is not here. */
  take(token: string, run: string): boolean {
    const ofToken = this.tokens.get(token)
    const entry = ofToken?.entries.get(run)
    if (!ofToken || !entry) return false
    ofToken.entries.delete(run)
    if (ofToken.entries.size === 0) this.tokens.delete(token)
    this.count(ofToken, entry, -1)
    return true
  }

  private count(ofToken: TokenQueue, { owner, bytes }: Entry, by: number): void {
    this.size += by
    this.bytes += by * bytes
    ofToken.bytes += by * bytes
    this.browsers.add(owner.browser, by)
    this.addresses.add(owner.address, by)
  }
}

export const isSameTask = (a: TaskName, b: TaskName): boolean => a.definition === b.definition && a.task === b.task

/** The number of the next turn. */
export const nextTurn = (runs: readonly RunningTask[]): number =>
  1 + runs.reduce((last, { waits = 0 }) => Math.max(last, waits), 0)

/** Whether no run of the task, and no earlier start, is before a start that waits. */
export const isFirst = (start: RunningTask, runs: readonly RunningTask[]): boolean =>
  runs.every((other) => other.run === start.run || !isSameTask(other, start) || (other.waits ?? 0) > (start.waits ?? 0))
