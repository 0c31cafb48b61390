/**
 * One instance of state: everything the hub knows of one token. Its committed snapshot, the status of its tasks, the views
 * that tabs see of them, and the sessions that watch.
 */
import type { Log } from '../base/log.js'
import type { Watchdog } from '../base/watchdog.js'
import { ComputedCache } from '../state/computed.js'
import type { ServerDefinition } from '../state/define.js'
import type { Shape } from '../state/shape.js'
import type { RunningTask, State, Stored } from '../store/store.js'
import type { TaskStatus } from '../tasks/status.js'
import { isCurrent } from './fields.js'
import { merged, type PastCalls } from './past-calls.js'
import type { Pending } from './pending.js'
import { type Known, type RunChanges, Runs } from './runs.js'

/** A state as a tab sees it: public fields, computed values, task statuses. Flat, because names are unique. */
export type View = Readonly<Record<string, unknown>>

/** Whoever is to be told of changes: a tab's session. */
export interface Watcher {
  /** Ends its connection; the tab makes another one. */
  close(): void
  changed(): void
  fault(error: unknown): void
}

interface CachedView {
  readonly definition: ServerDefinition
  readonly fields: unknown
  view: View
  stale: boolean
}

export class Instance {
  readonly token: string
  /** Of the page that connected last; undefined while none has. */
  browser: string | undefined
  readonly watchers = new Set<Watcher>()
  revision = 0
  state: State = {}
  calls: PastCalls = []
  /** Of the states as they were saved. */
  shapes: Readonly<Record<string, Shape>> = {}
  readonly runs: Runs
  /** What was changed and is not kept yet. */
  pending: Pending | undefined
  /** It is this process's. False until the store was asked, and again after a save whose end is unknown. */
  loaded = false
  /** It is another process's, and this one is told of each change. */
  followed = false
  /** Takes back the timer that will drop this instance. */
  cancelDrop: (() => void) | undefined
  private readonly log: Log
  private readonly watchdog: Watchdog
  private readonly views = new Map<string, CachedView>()
  private readonly caches = new Map<string, ComputedCache>()

  constructor(token: string, log: Log, nodes: Known, watchdog: Watchdog) {
    this.token = token
    this.log = log
    this.watchdog = watchdog
    this.runs = new Runs(nodes, (definition) => this.statusChanged(definition))
  }

  /** What the next change begins with. */
  get newest(): Pick<Instance, 'state' | 'shapes'> {
    return this.pending ?? this
  }

  /** What it has is what is kept. */
  get known(): boolean {
    return this.loaded || this.followed
  }

  /** What the store had. Gives the runs of this process that others have ended or taken over. */
  restore(stored: Stored | undefined): readonly RunningTask[] {
    return this.take(stored, true)
  }

  /** What another process has made of it. */
  follow(stored: Stored | undefined): readonly RunningTask[] {
    return this.take(stored, false)
  }

  private take(stored: Stored | undefined, owned: boolean): readonly RunningTask[] {
    this.loaded = owned
    this.followed = !owned
    this.revision = stored?.revision ?? 0
    this.state = stored?.state ?? {}
    this.calls = merged(stored?.calls ?? [], this.calls)
    this.shapes = stored?.shapes ?? {}
    const lost = this.runs.restore(stored ?? { running: [], ended: [] }, owned)
    this.announce()
    return lost
  }

  /** A saved change becomes the truth, and watchers are told. `before` are the calls that the save went out from. */
  accept(next: Stored, before: PastCalls, changes?: RunChanges): void {
    this.revision = next.revision
    this.state = next.state
    this.shapes = next.shapes
    this.calls = this.calls === before ? next.calls : merged(next.calls, this.calls) // more may have ended meanwhile
    this.runs.saved(next.running, next.ended, changes)
    this.announce()
  }

  statusOf(definition: string, task: string): TaskStatus {
    return this.runs.statusOf(definition, task)
  }

  private statusChanged(definition: string): void {
    const cached = this.views.get(definition)
    if (cached) cached.stale = true
    this.announce()
  }

  /** Whether a state has been saved as its definition declares it now. */
  isCurrent(definition: ServerDefinition): boolean {
    return isCurrent(this.state[definition.id], this.shapes[definition.id], definition)
  }

  /** The newest view of one state, if it has all its fields; the same object as long as nothing in it changed. */
  view(definition: ServerDefinition): View | undefined {
    const fields = this.state[definition.id]
    const known = this.views.get(definition.id)
    if (known && !known.stale && known.fields === fields && known.definition === definition) return known.view
    if (!fields || !this.isCurrent(definition)) return undefined
    const view = this.compose(definition, fields)
    this.views.set(definition.id, { definition, fields, view, stale: false })
    return view
  }

  /** The computed values of one state, with what they read last. */
  computed({ id, members }: ServerDefinition): ComputedCache {
    const known = this.caches.get(id)
    if (known?.members === members) return known
    const cache = new ComputedCache(members, this.watchdog)
    this.caches.set(id, cache)
    return cache
  }

  private compose(definition: ServerDefinition, fields: Readonly<Record<string, unknown>>) {
    const { id, members } = definition
    const view: Record<string, unknown> = {}
    for (const name in fields) if (members.visibilityOf(name) === 'public') view[name] = fields[name]
    if (members.computed.size > 0) Object.assign(view, this.compute(definition, fields))
    for (const name of members.tasks.keys()) view[name] = this.statusOf(id, name)
    return view
  }

  /** A computed value that throws must not hold back the change of the fields it is derived from. */
  private compute(definition: ServerDefinition, fields: Readonly<Record<string, unknown>>): object {
    return this.computed(definition).evaluate(fields, (name, error) =>
      this.log.error(`Computed "${name}" of state "${definition.id}" threw; tabs see the state without it.`, error),
    )
  }

  /** Nobody called for what has failed: in development the pages that watch say so. */
  fault(error: unknown): void {
    for (const watcher of this.watchers) watcher.fault(error)
  }

  private announce(): void {
    for (const watcher of this.watchers) watcher.changed()
  }
}
