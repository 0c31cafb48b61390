/**
 * A read-only view of a snapshot: what a task sees outside its lock. Views are made as they are read, each snapshot value
 * has one, and every write through it, however deep, throws `ImmutableStateError`.
 */
import { ImmutableStateError } from '../base/errors.js'
import { kindOf } from '../base/value.js'
import { addNewer, inheritedBy, isLeaf, isNameIn, membersOf, refuseClone, seal } from './inherited.js'

export type DeepReadonly<T> = T extends Date | ((...args: never[]) => unknown)
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<K, DeepReadonly<V>>
    : T extends ReadonlySet<infer V>
      ? ReadonlySet<DeepReadonly<V>>
      : T extends readonly (infer Item)[]
        ? IsTuple<T> extends true
          ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
          : readonly DeepReadonly<Item>[] // written so, a type without end is followed only as far as it is read
        : T extends object
          ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
          : T

type IsTuple<T> = T extends readonly [unknown, ...unknown[]] | readonly [...unknown[], unknown]
  ? true
  : T extends { readonly length: infer Length }
    ? number extends Length
      ? false
      : true
    : false

const views = new WeakMap<object, object>()
const originals = new WeakMap<object, object>()

export function readonlyView<T>(value: T): DeepReadonly<T> {
  if (typeof value !== 'object' || value === null || originals.has(value)) return value as DeepReadonly<T>
  const known = views.get(value)
  if (known) return known as DeepReadonly<T>
  const view = viewOf(value)
  views.set(value, view)
  originals.set(view, value)
  return view as DeepReadonly<T>
}

/** The snapshot value behind a view; anything else as it is. */
export function unwrapView<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return (originals.get(value) as T | undefined) ?? value
}

function viewOf(value: object): object {
  switch (kindOf(value)) {
    case 'map':
      return new MapView(value as Map<unknown, unknown>)
    case 'set':
      return new SetView(value as Set<unknown>)
    case 'date':
      return new DateView((value as Date).getTime())
    default:
      return Array.isArray(value)
        ? new Proxy(new ListTarget(value), listTraps)
        : new Proxy(new Target(value), objectTraps)
  }
}

/** Under this key, Node's console finds what it prints instead of an object. It looks into proxies, but `this` is one. */
export const inspectKey: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** A proxy may not show what its target denies, and a snapshot may be frozen: so the target only carries the snapshot. */
class Target {
  readonly original: object
  constructor(original: object) {
    this.original = original
  }
  [inspectKey]() {
    return unwrapView(this)
  }
}

/** The same for an array, since only a proxy of an array is one. */
class ListTarget extends Array<unknown> {
  constructor(original: object) {
    super()
    this.push(original)
  }
  [inspectKey]() {
    return unwrapView(this)
  }
}

const originalIn = (target: object) => (Array.isArray(target) ? target[0] : (target as Target).original) as object

const traps: ProxyHandler<object> = {
  ownKeys: (target) => Reflect.ownKeys(originalIn(target)),
  getPrototypeOf: (target) => Reflect.getPrototypeOf(originalIn(target)),
  getOwnPropertyDescriptor: (target, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(originalIn(target), key)
    if (!descriptor) return undefined
    const isLength = key === 'length' && Array.isArray(target)
    return {
      value: readonlyView(descriptor.value),
      writable: true,
      enumerable: descriptor.enumerable === true,
      configurable: !isLength,
    }
  },
  set: (_, key) => refuse(key),
  deleteProperty: (_, key) => refuse(key),
  defineProperty: (_, key) => refuse(key),
  setPrototypeOf: () => refuse('prototype'),
  preventExtensions: () => refuse('extensions'),
}

const objectTraps: ProxyHandler<object> = {
  ...traps,
  get: (target, key) => {
    const original = (target as Target).original as Record<PropertyKey, unknown>
    const value = original[key]
    if (isLeaf(value)) return value
    return Object.hasOwn(original, key) ? readonlyView(value) : inheritedBy(original, key)
  },
  has: (target, key) => isNameIn((target as Target).original, key),
}

const listTraps: ProxyHandler<object> = {
  ...traps,
  get: (target, key) => {
    const original = (target as unknown[])[0] as Record<PropertyKey, unknown>
    const value = original[key]
    if (isLeaf(value)) return value
    return Object.hasOwn(original, key) ? readonlyView(value) : listMembers[key]
  },
  has: (target, key) => Object.hasOwn(originalIn(target), key) || key in listMembers,
}

/** What writing to state outside a lock is answered with. */
export function refuse(what: PropertyKey): never {
  throw new ImmutableStateError(
    `"${String(what)}" was changed outside the lock. This is a read-only ` +
      'view, which may be stale. Change state inside `await self.update((s) => { ... })`, an event, or `await using held = await self.lock()`.',
  )
}

const refusal = (method: string) => () => refuse(`${method}()`)

const mutators = ['copyWithin', 'fill', 'pop', 'push', 'reverse', 'shift', 'sort', 'splice', 'unshift']
const listMembers = membersOf(Array, Object.fromEntries(mutators.map((name) => [name, refusal(name)])))

class MapView extends Map<unknown, unknown> {
  readonly #original: ReadonlyMap<unknown, unknown>
  constructor(original: ReadonlyMap<unknown, unknown>) {
    super()
    this.#original = original
    refuseClone(this)
    Object.preventExtensions(this)
  }
  override get size() {
    return this.#original.size
  }
  override get(key: unknown) {
    return readonlyView(this.#original.get(key))
  }
  override has(key: unknown) {
    return this.#original.has(key)
  }
  override forEach(visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void, self?: unknown) {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this)
  }
  override entries() {
    return entriesOf(this.#original)
  }
  override keys() {
    return this.#original.keys()
  }
  override values() {
    return valuesOf(this.#original.values())
  }
  override [Symbol.iterator]() {
    return this.entries()
  }
  override set(key: unknown): never {
    return refuse(`Map.set(${String(key)})`)
  }
  override delete(key: unknown): never {
    return refuse(`Map.delete(${String(key)})`)
  }
  override clear(): never {
    return refuse('Map.clear()')
  }
  [inspectKey]() {
    return this.#original
  }
}

function* entriesOf(original: ReadonlyMap<unknown, unknown>): MapIterator<[unknown, unknown]> {
  for (const [key, value] of original) yield [key, readonlyView(value)]
}

function* valuesOf(values: Iterable<unknown>): MapIterator<unknown> {
  for (const value of values) yield readonlyView(value)
}

addNewer(MapView, Map, {
  getOrInsert: refusal('Map.getOrInsert'),
  getOrInsertComputed: refusal('Map.getOrInsertComputed'),
})
seal(MapView, Map, refuse, true)

class SetView extends Set<unknown> {
  readonly #original: ReadonlySet<unknown>
  constructor(original: ReadonlySet<unknown>) {
    super()
    this.#original = original
    refuseClone(this)
    Object.preventExtensions(this)
  }
  override get size() {
    return this.#original.size
  }
  override has(value: unknown) {
    return this.#original.has(unwrapView(value))
  }
  override forEach(visit: (value: unknown, key: unknown, set: Set<unknown>) => void, self?: unknown) {
    for (const value of this.values()) visit.call(self, value, value, this)
  }
  override values() {
    return valuesOf(this.#original)
  }
  override entries() {
    return pairsOf(this)
  }
  override keys() {
    return this.values()
  }
  override [Symbol.iterator]() {
    return this.values()
  }
  override add(): never {
    return refuse('Set.add()')
  }
  override delete(): never {
    return refuse('Set.delete()')
  }
  override clear(): never {
    return refuse('Set.clear()')
  }
  [inspectKey]() {
    return this.#original
  }
}

/** The entries of a Set: each element twice. */
export function* pairsOf(set: ReadonlySet<unknown>): SetIterator<[unknown, unknown]> {
  for (const value of set.values()) yield [value, value]
}

/**
 * Newer engines have methods that look into a Set directly, where a view or a draft has nothing: they are given a plain
 * Set of the elements.
 */
export function withAlgebra(made: new (...args: never[]) => Set<unknown>): void {
  for (const name of [
    'union',
    'intersection',
    'difference',
    'symmetricDifference',
    'isSubsetOf',
    'isSupersetOf',
    'isDisjointFrom',
  ])
    addNewer(made, Set, {
      [name](this: Set<unknown>, other: unknown) {
        return Reflect.apply(Reflect.get(Set.prototype, name), new Set(this.values()), [other])
      },
    })
}

withAlgebra(SetView)
seal(SetView, Set, refuse, true)

class DateView extends Date {
  constructor(time: number) {
    super(time)
    Object.preventExtensions(this)
  }
}

for (const name of Object.getOwnPropertyNames(Date.prototype))
  if (name.startsWith('set'))
    Object.defineProperty(DateView.prototype, name, { value: refusal(`Date.${name}`), configurable: true })
seal(DateView, Date, refuse)
