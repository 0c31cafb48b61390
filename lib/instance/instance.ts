/**
 * One instance of state: everything the hub knows of one token. Its committed snapshot, the changes that are not saved yet, the
 * log of its calls, the runs of its tasks, the views that tabs see, and the subscriptions that watch it.
 */
import type { Clock } from '../base/clock.js'
import type { Json } from '../base/encode.js'
import type { Failure } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'
import { ownValue } from '../base/value.js'
import type { Watchdog } from '../base/watchdog.js'
import type { ComputedCache } from '../state/computed.js'
import type { ServerDefinition } from '../state/define.js'
import type { Shape } from '../state/shape.js'
import type { Fields, RunningTask, State, Stored } from '../store/store.js'
import { type CallLog, type CallName, merged } from './call-log.js'
import { completed, isCurrent } from './fields.js'
import type { FirstValues } from './first-values.js'
import type { RunChanges } from './staged-runs.js'
import { type Processes, TaskRuns } from './task-runs.js'
import { type View, Views } from './views.js'
import { Watchers } from './watchers.js'

/** The changes of an instance that are not saved yet. `CommitQueue` implements it. */
export interface UnsavedChanges {
  readonly state: State
  readonly shapes: Readonly<Record<string, Shape>>
  /** Why no change can build on these any more. */
  readonly failure: unknown
  /** The next change keeps the lock until it is saved. */
  readonly isFull: boolean
  /** Resolves, never rejects, when nothing is pending any more, whether it was saved or not. */
  drained(): Promise<void>
  /** Resolves when every change so far is saved. For work that saw them and changed nothing itself. */
  durable(): Promise<void>
  /** Throws if a change was to build on these changes although their save has failed. */
  check(): void
  /** The save that settles this call is under way. */
  includes(call: CallName): boolean
  push(change: ChangedState): Promise<void>
  /** Another process has built on the last save, so the changes that this process has built on it can no longer be saved. */
  superseded(): void
}

/** The state of an instance as one transaction has changed it. */
export interface ChangedState {
  /** All states of the token, and not only the changed ones. */
  readonly state: State
  readonly shapes: Readonly<Record<string, Shape>>
  /** Calls that settle in the save of this change. */
  readonly settled: readonly SettledCall[]
  /** Includes a change that no page's call has made, so a retry cannot be recognised. */
  readonly anonymous: boolean
}

export interface SettledCall {
  readonly name: CallName
  /** The outcome of the call if the process dies after this save. */
  readonly interrupted: Failure | undefined
  readonly reply: Json | undefined
}

/** Of tokens that are not saved: they share it. */
const nothing: Readonly<Record<string, never>> = Object.freeze({})
const none: readonly never[] = []
const noTasks = { running: none, ended: none }

/** The birth of a state that was saved before there were any: the same in all processes. */
const unnamed = 'unnamed'

/** The parts of the hub that an instance uses. */
export interface InstanceCore {
  readonly clock: Pick<Clock, 'id' | 'now' | 'turn'>
  readonly log: Log
  readonly nodes: Processes
  readonly firstValues: FirstValues
  readonly watchdog: Watchdog
}

/** As in `cluster/replica.ts`. `'follower'`: another process owns the token, and each of its changes is applied here. */
export type Role = 'stranger' | 'follower' | 'owner'

export class Instance {
  readonly token: string
  /** The cookie of the browser whose page connected last; undefined while none has. */
  browser: string | undefined
  address: string | undefined
  /** The hash of the browser whose page connected last, to this process or an earlier one. */
  browserHash: string | undefined
  /** A random id of this state, drawn before its first save. */
  birth: string | undefined
  /** Names of cookies that requests of its pages have, and connections have not. */
  elsewhere: ReadonlySet<string> | undefined
  /** The app has forgotten the state: its pages get new tokens. */
  forgotten = false
  readonly watchers: Watchers
  revision = 0
  state: State = nothing
  calls: CallLog = none
  /** The shapes of the states when they were saved. */
  shapes: Readonly<Record<string, Shape>> = nothing
  readonly runs: TaskRuns
  /** The changes that are not saved yet. */
  pending: UnsavedChanges | undefined
  /** The role of this process for the token. `'stranger'` until the store was asked, and again after a save with an unknown outcome. */
  role: Role = 'stranger'
  /** The estimated size in bytes, and the size when it was last measured; `undefined` before the first time. */
  bytes: number = processLimits.instanceBytes
  counted: number | undefined
  /** Cancels the timer that would drop this instance. */
  cancelDrop: (() => void) | undefined
  /** A call has reached a handler, or the state is saved: the tab must not be lost. */
  exists = false
  /** The state of another token that this one begins with. It is part of the first save. */
  borrowed: Pick<Instance, 'state' | 'shapes' | 'bytes'> | undefined
  private readonly core: InstanceCore
  /** First values that only this token has. */
  private firsts: Map<ServerDefinition, Fields> | undefined
  /** The log of calls as it is saved. */
  private keptCalls: CallLog = none
  private readonly views: Views

  constructor(token: string, core: InstanceCore) {
    this.token = token
    this.core = core
    this.runs = new TaskRuns(core.nodes, this)
    this.views = new Views(this, core)
    this.watchers = new Watchers(core.clock)
  }

  /** The state that the next change builds on. */
  get newest(): Pick<Instance, 'state' | 'shapes'> {
    return this.pending ?? this
  }

  /** The random id of this state. Pages are sent it before it is saved, too. */
  get bornAs(): string {
    this.birth ??= this.core.clock.id().slice(0, 12)
    return this.birth
  }

  /** This process knows the saved state. */
  get known(): boolean {
    return this.role !== 'stranger'
  }

  /** Another process may own the token from now on: the store is asked before the next change. */
  disown(): void {
    if (this.role === 'owner') this.role = 'stranger'
  }

  /** Changes of the owner are not applied here any more. */
  unfollow(): void {
    if (this.role === 'follower') this.role = 'stranger'
  }

  /** Takes over the stored state as its owner. Returns the runs of this process that others have finished or taken over. */
  restore(stored: Stored | undefined): readonly RunningTask[] {
    return this.take(stored, true)
  }

  /** Takes over the state as another process has saved it. Returns the same as `restore`. */
  follow(stored: Stored | undefined): readonly RunningTask[] {
    return this.take(stored, false)
  }

  private take(stored: Stored | undefined, owned: boolean): readonly RunningTask[] {
    this.role = owned ? 'owner' : 'follower'
    if (stored) this.birth = stored.birth ?? unnamed
    else if (this.revision > 0) this.birth = undefined
    this.revision = stored?.revision ?? 0
    this.state = stored?.state ?? nothing
    this.calls = merged(stored?.calls ?? none, this.calls)
    this.shapes = stored?.shapes ?? nothing
    this.browserHash ??= stored?.browser
    this.forgotten = stored?.forgotten === true
    this.keptCalls = stored?.calls ?? none
    this.counted = undefined
    if (stored) this.markKept()
    const lost = this.runs.restore(stored ?? noTasks, owned)
    this.watchers.changed()
    return lost
  }

  /** A saved change becomes the current state, and is shown to watchers. `before` are the calls that the save went out from. */
  accept(next: Stored, before: CallLog, changes?: RunChanges): void {
    this.revision = next.revision
    this.birth = next.birth
    this.state = next.state
    this.shapes = next.shapes
    this.calls = this.calls === before ? next.calls : merged(next.calls, this.calls) // more may have settled meanwhile
    this.keptCalls = next.calls
    this.markKept()
    this.runs.saved(next, changes)
    this.watchers.changed()
  }

  private markKept(): void {
    this.exists = true
    this.borrowed = undefined
  }

  /** Memory holds ends of calls or tasks that the store lacks. */
  get hasUnsavedEnds(): boolean {
    return !this.forgotten && (this.calls !== this.keptCalls || this.runs.hasUnsavedEnds)
  }

  /** The fields of a state that was never saved: those of the token that this one copies, or first values. The caller must not change them. */
  unsaved(definition: ServerDefinition): Fields {
    const { borrowed } = this
    const shared = borrowed ? undefined : this.core.firstValues.sharedBy(definition)
    const known = shared ?? this.firsts?.get(definition)
    if (known) return known
    const first = this.core.firstValues.of(definition, this.token)
    const own = borrowed
      ? completed(
          ownValue(borrowed.state, definition.id),
          ownValue(borrowed.shapes, definition.id),
          definition,
          this.core.log,
          first,
        )
      : first
    this.firsts ??= new Map()
    this.firsts.set(definition, own)
    return own
  }

  /** Makes the state of another token the one that this token begins with. */
  borrow(other: Pick<Instance, 'state' | 'shapes' | 'bytes'>): void {
    if (this.exists || Object.keys(other.state).length === 0) return
    this.borrowed = { state: other.state, shapes: other.shapes, bytes: other.bytes } // those of now
    this.firsts = undefined
    this.views.clear()
  }

  /** The statuses of tasks of a definition may have changed. */
  statusChanged(definition: string): void {
    this.views.outdate(definition)
    this.watchers.changed()
  }

  /** Whether the saved state has the shape that its definition declares now. */
  isCurrent(definition: ServerDefinition): boolean {
    return isCurrent(ownValue(this.state, definition.id), ownValue(this.shapes, definition.id), definition)
  }

  /** The newest view of one state, if it has all its fields; the same object as long as nothing in it changed. */
  view(definition: ServerDefinition): View | undefined {
    const kept = ownValue(this.state, definition.id)
    const fields = kept ?? (this.known ? this.unsaved(definition) : undefined)
    const known = this.views.known(definition, fields)
    if (known) return known
    if (!fields || (kept && !this.isCurrent(definition))) return undefined
    return this.views.make(definition, fields, fields === this.core.firstValues.sharedBy(definition))
  }

  /** The computed values of one state, with the fields that they read last. */
  computed(definition: ServerDefinition): ComputedCache {
    return this.views.computed(definition)
  }
}
