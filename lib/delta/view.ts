/**
 * A read-only view of a snapshot: what a task sees outside its lock. Views are made as they are read, each snapshot value
 * has one, and every write through it, however deep, throws `ImmutableStateError`.
 */
import { ImmutableStateError } from '../base/errors.js'
import { kindOf } from '../base/value.js'

export type DeepReadonly<T> = T extends Date | ((...args: never[]) => unknown)
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<K, DeepReadonly<V>>
    : T extends ReadonlySet<infer V>
      ? ReadonlySet<DeepReadonly<V>>
      : T extends readonly unknown[]
        ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
        : T extends object
          ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
          : T

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
      return new Proxy(Array.isArray(value) ? new ListTarget(value) : new Target(value), traps)
  }
}

/** Under this key, Node's console finds what it prints in place of an object. It looks into proxies, but `this` is one. */
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
  get: (target, key) => {
    const value = Reflect.get(originalIn(target), key)
    if (typeof value === 'object') return readonlyView(value)
    return typeof value === 'function' && Array.isArray(target) && mutators.has(key) ? refusal(String(key)) : value
  },
  has: (target, key) => Reflect.has(originalIn(target), key),
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

const mutators = new Set<PropertyKey>([
  'copyWithin',
  'fill',
  'pop',
  'push',
  'reverse',
  'shift',
  'sort',
  'splice',
  'unshift',
])

/** What writing to state outside a lock is answered with. */
export function refuse(what: PropertyKey): never {
  throw new ImmutableStateError(
    `"${String(what)}" was changed outside the lock: this is a read-only view of the state, and it may be stale. ` +
      'Change state inside `await using held = await self.lock()`, `await self.update((s) => { ... })` or an event.',
  )
}

const refusal = (method: string) => () => refuse(`${method}()`)

class MapView extends Map<unknown, unknown> {
  readonly #original: ReadonlyMap<unknown, unknown>
  constructor(original: ReadonlyMap<unknown, unknown>) {
    super()
    this.#original = original
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
  override *entries(): MapIterator<[unknown, unknown]> {
    for (const [key, value] of this.#original) yield [key, readonlyView(value)]
  }
  override keys() {
    return this.#original.keys()
  }
  override *values(): MapIterator<unknown> {
    for (const value of this.#original.values()) yield readonlyView(value)
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

class SetView extends Set<unknown> {
  readonly #original: ReadonlySet<unknown>
  constructor(original: ReadonlySet<unknown>) {
    super()
    this.#original = original
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
  override *values(): SetIterator<unknown> {
    for (const value of this.#original) yield readonlyView(value)
  }
  override *entries(): SetIterator<[unknown, unknown]> {
    for (const value of this.values()) yield [value, value]
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

/**
 * Newer engines have methods that look into a Set directly, where a view or a draft has nothing: they are given a plain
 * Set of the elements.
 */
export function withAlgebra(prototype: Set<unknown>): void {
  for (const name of [
    'union',
    'intersection',
    'difference',
    'symmetricDifference',
    'isSubsetOf',
    'isSupersetOf',
    'isDisjointFrom',
  ]) {
    const original = Reflect.get(Set.prototype, name)
    if (typeof original !== 'function') continue
    const value = function (this: Set<unknown>, other: unknown) {
      return original.call(new Set(this.values()), other)
    }
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
  }
}

withAlgebra(SetView.prototype)

class DateView extends Date {}

for (const name of Object.getOwnPropertyNames(Date.prototype))
  if (name.startsWith('set'))
    Object.defineProperty(DateView.prototype, name, { value: refusal(`Date.${name}`), configurable: true })
