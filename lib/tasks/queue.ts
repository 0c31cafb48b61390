/**
 * Starts of this process that wait for runs of their task: those of a queue, and the one that follows a run which is ending. What
 * is saved of them says their order, over all processes; here is what they begin with.
 */
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import { Tally } from '../base/tally.js'
import { sizeOf } from '../base/value.js'
import type { RunningTask, TaskName } from '../store/store.js'
import type { RunOwner } from './run.js'
import type { TaskStart } from './task-start.js'

/** A start that waits, with the number of its turn. */
export interface WaitingStart extends TaskStart {
  readonly known: NonNullable<TaskStart['known']> & { readonly waits: number }
}

interface Place {
  readonly start: WaitingStart
  readonly owner: RunOwner
  /** Bytes of its arguments. */
  readonly bytes: number
}

interface OfToken {
  readonly places: Map<string, Place>
  bytes: number
}

export interface QueuePorts {
  readonly limits: Pick<Limits, 'tasksWaiting' | 'tasksWaitingBytes'>
  /** Bytes that all of them may take. */
  readonly bytesOfAll: number
  ownerOf(token: string): RunOwner
}

export class TaskQueue {
  private readonly ports: QueuePorts
  private readonly tokens = new Map<string, OfToken>()
  private readonly browsers = new Tally()
  private readonly addresses = new Tally()
  /** How many wait, of all tokens. */
  size = 0
  private bytes = 0

  constructor(ports: QueuePorts) {
    this.ports = ports
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

  /** Those of a token, in their order. */
  of(token: string): readonly WaitingStart[] {
    const starts = [...(this.tokens.get(token)?.places.values() ?? [])].map(({ start }) => start)
    return starts.sort((a, b) => a.known.waits - b.known.waits)
  }

  /** Throws if one more may not wait. `entries` are all runs of its token, in all processes. */
  check({ token, task, given }: TaskStart, entries: readonly RunningTask[]): void {
    const { limits, bytesOfAll } = this.ports
    const waiting = entries.filter(({ waits }) => waits !== undefined).length
    if (waiting >= limits.tasksWaiting) throw tooMany(task, `${waiting} starts of this tab wait`, 'tasksWaiting')
    const bytes = sizeOf(given, limits.tasksWaitingBytes)
    if ((this.tokens.get(token)?.bytes ?? 0) + bytes > limits.tasksWaitingBytes)
      throw tooMany(task, 'With it, the starts of this tab that wait take too many bytes', 'tasksWaitingBytes')
    if (this.bytes + bytes > bytesOfAll)
      throw tooMany(task, 'The starts that wait take as many bytes as the server allows', 'waitingOfHeap')
  }

  add(start: WaitingStart): void {
    const { token, known, given } = start
    if (this.tokens.get(token)?.places.has(known.run)) return
    const ofToken = this.tokens.get(token) ?? { places: new Map(), bytes: 0 }
    this.tokens.set(token, ofToken)
    const place = { start, owner: { ...this.ports.ownerOf(token) }, bytes: sizeOf(given) }
    ofToken.places.set(known.run, place)
    this.count(ofToken, place, 1)
  }

  /** Takes a start out; false if it is not here. */
  take(token: string, run: string): boolean {
    const ofToken = this.tokens.get(token)
    const place = ofToken?.places.get(run)
    if (!ofToken || !place) return false
    ofToken.places.delete(run)
    if (ofToken.places.size === 0) this.tokens.delete(token)
    this.count(ofToken, place, -1)
    return true
  }

  private count(ofToken: OfToken, { owner, bytes }: Place, by: number): void {
    this.size += by
    this.bytes += by * bytes
    ofToken.bytes += by * bytes
    this.browsers.add(owner.browser, by)
    this.addresses.add(owner.address, by)
  }
}

export const isSameTask = (a: TaskName, b: TaskName): boolean => a.definition === b.definition && a.task === b.task

/** The number of the next one that waits. */
export const nextTurn = (entries: readonly RunningTask[]): number =>
  1 + entries.reduce((last, { waits = 0 }) => Math.max(last, waits), 0)

/** Whether nothing that is saved stands before an entry that waits. */
export const isFirst = (entry: RunningTask, entries: readonly RunningTask[]): boolean =>
  entries.every(
    (other) => other.run === entry.run || !isSameTask(other, entry) || (other.waits ?? 0) > (entry.waits ?? 0),
  )

const tooMany = (task: string, says: string, bound: string) =>
  new HeldStateError(
    'too-many-tasks',
    `${says}, the bound "${bound}". "${task}" was not started. Start it again when others have ended.`,
  )
