/**
 * Computed values of one instance, each with what it read: a value is computed again only when one of its reads has
 * another result now. Reads are tracked down plain objects; an array, Map, Set or Date counts as read whole, since
 * code that opens a list nearly always looks at all of it, and tracking each item would cost more than computing again.
 */

import { copyValue } from '../base/copy.js'
import { HeldStateError, isHeldStateError, messageOf } from '../base/errors.js'
import { isPromise } from '../base/eventually.js'
import { isContainer, kindOf, type Path } from '../base/value.js'
import type { Watchdog } from '../base/watchdog.js'
import { inheritedBy, isNameIn } from '../delta/inherited.js'
import { readonlyView, unwrapView } from '../delta/view.js'
import type { Members } from './members.js'

type Fields = Readonly<Record<string, unknown>>

/** Per plain object that was read: which keys, or the whole of it. */
type Reads = Map<object, Set<PropertyKey> | 'whole'>

interface Entry {
  readonly view: Fields
  readonly reads: Reads
  readonly value: unknown
  /** What the function threw; there is no value then. */
  readonly thrown?: { readonly error: unknown }
}

export class ComputedCache {
  readonly members: Members
  private readonly watchdog: Watchdog | undefined
  private readonly entries = new Map<string, Entry>()

  constructor(members: Members, watchdog?: Watchdog) {
    this.members = members
    this.watchdog = watchdog
  }

  /**
   * All computed values over `fields`, in the order of their declaration. One that throws has no value: it is missing, and
   * Calls `failed` for each new error. Without `failed`, throws it.
   */
  evaluate(fields: Fields, failed?: (name: string, error: unknown) => void): Fields {
    const values: Record<string, unknown> = {}
    const view: Record<string, unknown> = { ...fields }
    for (const [name, compute] of this.members.computed) {
      const known = this.entries.get(name)
      const stands = known && !changed(known.view, view, known.reads)
      const entry = stands ? known : this.read(compute, { ...view }, name)
      this.entries.set(name, entry)
      if (entry.thrown && !failed) throw failedFirst(this.members.id, name, entry.thrown.error)
      if (entry.thrown) {
        if (!stands) failed?.(name, entry.thrown.error)
        continue
      }
      values[name] = entry.value
      view[name] = entry.value
    }
    return values
  }

  private read(compute: (view: unknown) => unknown, view: Fields, name: string): Entry {
    const { members, watchdog } = this
    watchdog?.enter('Computed', members.id, name)
    try {
      return read(compute, view, [members.id, name])
    } finally {
      watchdog?.leave()
    }
  }
}

function read(compute: (view: unknown) => unknown, view: Fields, path: readonly string[]): Entry {
  const reads: Reads = new Map()
  const tracker = new Tracker(reads)
  try {
    const result = compute(tracker.track(view))
    return { view, reads, value: settled(tracker, result, path) }
  } catch (error) {
    return { view, reads, value: undefined, thrown: { error } }
  }
}

function settled(tracker: Tracker, result: unknown, path: Path): unknown {
  try {
    return tracker.settle(result, path)
  } catch (error) {
    const [id, name] = path
    if (isPromise(result)) result.then(undefined, () => {}) // its failure would stop the process
    const hint = isPromise(result) ? ' Computed values are synchronous: set a field in an event or a task instead.' : ''
    const says = `Computed "${name}" of state "${id}" returned a value that cannot be in state: ${messageOf(error)}${hint}`
    throw new HeldStateError('invalid-value', says, { cause: error })
  }
}

function changed(before: object, after: object, reads: Reads): boolean {
  const keys = reads.get(before)
  if (keys === undefined || keys === 'whole') return true
  for (const key of keys) {
    const was = Reflect.get(before, key)
    const is = Reflect.get(after, key)
    if (Object.is(was, is) && isNameIn(before, key) === isNameIn(after, key)) continue
    if (!isObject(was) || !isObject(is) || changed(was, is, reads)) return true
  }
  return false
}

class Tracker {
  private readonly reads: Reads
  private readonly tracked = new Map<object, object>()
  private readonly originals = new WeakMap<object, object>()

  constructor(reads: Reads) {
    this.reads = reads
  }

  track(value: unknown): unknown {
    if (!isObject(value) || kindOf(value) !== 'object') return readonlyView(value)
    const known = this.tracked.get(value)
    if (known) return known
    const proxy = this.proxy(value)
    this.tracked.set(value, proxy)
    this.originals.set(proxy, value)
    return proxy
  }

  /** The plain value of a result, checked: what is still tracked in it has been read whole. */
  settle(value: unknown, path: Path): unknown {
    return this.originalOf(value)?.value ?? copyValue(value, path, (item) => this.originalOf(item))
  }

  /** What stands behind what was handed out. It is a part of the state, and neither copied nor checked. */
  private originalOf(value: unknown): { readonly value: object } | undefined {
    if (!isObject(value)) return undefined
    const tracked = this.originals.get(value)
    if (tracked) this.reads.set(tracked, 'whole')
    const original = tracked ?? unwrapView(value)
    return original === value ? undefined : { value: original }
  }

  private proxy(value: object): object {
    const note = (key: PropertyKey) => {
      const keys = this.reads.get(value)
      if (keys === undefined) this.reads.set(value, new Set([key]))
      else if (keys !== 'whole') keys.add(key)
    }
    const view = readonlyView(value) as object
    return new Proxy(value, {
      get: (target, key) => {
        note(key)
        return Object.hasOwn(target, key) ? this.track(Reflect.get(target, key)) : inheritedBy(target, key)
      },
      has: (target, key) => {
        note(key)
        return isNameIn(target, key)
      },
      getOwnPropertyDescriptor: (target, key) => {
        note(key)
        const descriptor = Reflect.getOwnPropertyDescriptor(target, key)
        return descriptor && { ...descriptor, value: this.track(descriptor.value) }
      },
      ownKeys: (target) => {
        this.reads.set(value, 'whole')
        return Reflect.ownKeys(target)
      },
      set: (_, key, item) => Reflect.set(view, key, item),
      deleteProperty: (_, key) => Reflect.deleteProperty(view, key),
      defineProperty: (_, key, descriptor) => Reflect.defineProperty(view, key, descriptor),
      setPrototypeOf: (_, prototype) => Reflect.setPrototypeOf(view, prototype),
    })
  }
}

function isObject(value: unknown): value is object {
  return isContainer(value)
}

/** It fails on first values already, so no page could show it. */
const failedFirst = (id: string, name: string, cause: unknown) =>
  isHeldStateError(cause) && cause.code === 'invalid-value'
    ? cause
    : new HeldStateError(
        isHeldStateError(cause) ? cause.code : 'invalid-definition',
        `Computed "${name}" of state "${id}" threw for the first values: ${messageOf(cause)}`,
        { cause },
      )
