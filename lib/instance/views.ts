/** The views of one token's states, which pages see: public fields, computed values, and the status of tasks. */
import type { Log } from '../base/log.js'
import { inTab } from '../base/text.js'
import type { Watchdog } from '../base/watchdog.js'
import { shareGrowth } from '../delta/growth.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import { ComputedCache } from '../state/computed.js'
import type { ServerDefinition } from '../state/define.js'
import type { Fields } from '../store/store.js'

/** A state as a page sees it. Flat, because names are unique. */
export type View = Readonly<Record<string, unknown>>

interface CachedView {
  readonly definition: ServerDefinition
  readonly fields: Fields
  readonly view: View
  isStale: boolean
}

export interface ViewsCore {
  readonly log: Log
  readonly watchdog: Watchdog
}

/** Whose views they are. */
export interface Viewed {
  readonly token: string
  readonly runs: { statusOf(definition: string, task: string): TaskStatus }
}

/**
 * Views of fields that tokens may share, as those of first values are, of states that compute nothing and whose tasks have never run. A
 * token that never had a change keeps none of its own.
 */
const sharedViews = new WeakMap<Fields, CachedView>()

export class Views {
  private readonly of: Viewed
  private readonly core: ViewsCore
  private cached: Map<string, CachedView> | undefined
  private caches: Map<string, ComputedCache> | undefined

  constructor(of: Viewed, core: ViewsCore) {
    this.of = of
    this.core = core
  }

  /** The view that was made last of these fields; `undefined` if something in it has changed since. */
  known(definition: ServerDefinition, fields: Fields | undefined): View | undefined {
    const known = this.cached?.get(definition.id) ?? this.shared(definition, fields)
    const isCurrent = known && !known.isStale && known.fields === fields && known.definition === definition
    return isCurrent ? known.view : undefined
  }

  /** `areShared`: other tokens have the same fields. */
  make(definition: ServerDefinition, fields: Fields, areShared: boolean): View {
    const view = this.compose(definition, fields)
    const made = { definition, fields, view, isStale: false }
    if (areShared && this.isUntouched(definition)) sharedViews.set(fields, made)
    else {
      this.cached ??= new Map()
      this.cached.set(definition.id, made)
    }
    return view
  }

  private shared(definition: ServerDefinition, fields: Fields | undefined): CachedView | undefined {
    return fields && this.isUntouched(definition) ? sharedViews.get(fields) : undefined
  }

  /** Nothing in its view depends on the token but the fields. */
  private isUntouched({ id, members }: ServerDefinition): boolean {
    if (members.computed.size > 0) return false
    for (const task of members.tasks.keys()) if (this.of.runs.statusOf(id, task) !== idle) return false
    return true
  }

  /** The status of a task of the state with this id has changed. */
  outdate(id: string): void {
    const cached = this.cached?.get(id)
    if (cached) cached.isStale = true
  }

  clear(): void {
    this.cached = undefined
  }

  /** The computed values of one state, with what they read last. */
  computed({ id, members }: ServerDefinition): ComputedCache {
    const known = this.caches?.get(id)
    if (known?.members === members) return known
    const cache = new ComputedCache(members, this.core.watchdog)
    this.caches ??= new Map()
    this.caches.set(id, cache)
    return cache
  }

  private compose(definition: ServerDefinition, fields: Fields): View {
    const { id, members } = definition
    const view: Record<string, unknown> = {}
    for (const name of Object.keys(fields)) if (members.visibilityOf(name) === 'public') view[name] = fields[name]
    if (members.computed.size > 0) Object.assign(view, this.compute(definition, fields))
    for (const name of members.tasks.keys()) view[name] = this.of.runs.statusOf(id, name)
    shareGrowth(fields, view)
    return view
  }

  /** A computed value that throws must not hold back the change of the fields it is derived from. */
  private compute(definition: ServerDefinition, fields: Fields): object {
    return this.computed(definition).evaluate(fields, (name, error) =>
      this.core.log.error(
        `Computed "${name}" of state "${definition.id}" threw; pages get the state without it ${inTab(this.of.token)}.`,
        error,
      ),
    )
  }
}
