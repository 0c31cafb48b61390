/**
 * Containers of the author's own that were put into a draft, as reading gives them until the commit copies them: writes go
 * to the container itself, so both stay one value, but no name leads from it to a prototype.
 */
import { type Kind, kindOf, refuse } from '../base/value.js'
import { inheritedBy, isNameIn, type Members, membersOf } from './inherited.js'
import { inspectKey, unwrapView } from './view.js'

/** Under this key, each draft that an author can hold gives its node. Nothing else has it. */
export const nodeKey: unique symbol = Symbol('heldstate.node')

const shields = new WeakMap<object, object>()
const owns = new WeakMap<object, object>()

/** What the author gets of a value of his own; drafts and views in it are safe already. */
export function shield(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || owns.has(value)) return value
  const known = shields.get(value)
  if (known) return known instanceof Date ? inTime(known, value as Date) : known
  const kind = kindOf(value)
  if (kind === 'date') return keep(value, dateOver(value as Date))
  const handler = handlers[kind]
  if (!handler || Reflect.get(value, nodeKey) || unwrapView(value) !== value) return value
  return keep(value, new Proxy<object>(kind === 'array' ? new ListTarget(value) : new Target(value), handler))
}

function keep(own: object, made: object): object {
  shields.set(own, made)
  owns.set(made, own)
  return made
}

/** The container behind what `shield` gave; anything else as it is. */
export function unshield<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return (owns.get(value) as T | undefined) ?? value
}

/** A proxy may not show what its target denies, and the author may have frozen his container. */
class Target {
  readonly own: object
  constructor(own: object) {
    this.own = own
  }
  [inspectKey]() {
    return unshield(this)
  }
}

class ListTarget extends Array<unknown> {
  constructor(own: object) {
    super()
    this.push(own)
  }
  [inspectKey]() {
    return unshield(this)
  }
}

type Properties = Record<PropertyKey, unknown>

const ownIn = (target: object) => (Array.isArray(target) ? target[0] : (target as Target).own) as Properties

const traps: ProxyHandler<object> = {
  set: (target, key, value) => {
    if (key === '__proto__') throw refuse([], '"__proto__" as a key')
    return Reflect.set(ownIn(target), key, unshield(value))
  },
  deleteProperty: (target, key) => Reflect.deleteProperty(ownIn(target), key),
  defineProperty: (target, key, descriptor) => {
    if (key === '__proto__') throw refuse([], '"__proto__" as a key')
    const own = 'value' in descriptor ? { ...descriptor, value: unshield(descriptor.value) } : descriptor
    return Reflect.defineProperty(ownIn(target), key, own)
  },
  ownKeys: (target) => Reflect.ownKeys(ownIn(target)),
  getOwnPropertyDescriptor: (target, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(ownIn(target), key)
    if (!descriptor) return undefined
    const configurable = !(key === 'length' && Array.isArray(target))
    if (!('value' in descriptor)) return { ...descriptor, configurable }
    return { value: shield(descriptor.value), writable: true, enumerable: descriptor.enumerable === true, configurable }
  },
  getPrototypeOf: (target) => Reflect.getPrototypeOf(ownIn(target)),
  setPrototypeOf: () => false,
  preventExtensions: () => false,
}

const objectTraps: ProxyHandler<object> = {
  ...traps,
  get: (target, key) => {
    const own = ownIn(target)
    return Object.hasOwn(own, key) ? shield(own[key]) : inheritedBy(own, key)
  },
  has: (target, key) => isNameIn(ownIn(target), key),
}

const trapsWith = (members: Members): ProxyHandler<object> => ({
  ...traps,
  get: (target, key) => {
    const own = ownIn(target)
    return Object.hasOwn(own, key) || key === 'size' ? shield(own[key]) : members[key]
  },
  has: (target, key) => key in members || Object.hasOwn(ownIn(target), key) || (key === 'size' && key in ownIn(target)),
})

const closedTraps = (members: Members): ProxyHandler<object> => ({
  ...trapsWith(members),
  set: (_target, key) => refuseName(key),
  defineProperty: (_target, key) => refuseName(key),
})

function refuseName(key: PropertyKey): never {
  throw refuse([key], 'a named property on a Map or Set')
}

/** Methods that work on the container itself: a proxy has nothing that they could look into. */
function redirected(prototype: object, names = Reflect.ownKeys(prototype)): Record<PropertyKey, unknown> {
  const methods: Record<PropertyKey, unknown> = {}
  for (const name of names) {
    const original = Reflect.getOwnPropertyDescriptor(prototype, name)?.value
    if (typeof original !== 'function') continue
    const { method } = {
      method(this: unknown, ...args: unknown[]) {
        const own = unshield(this)
        const result = Reflect.apply(original, own, args.map(unshield))
        if (own instanceof Date && this instanceof Date) inTime(this, own)
        return result === own ? this : shield(result)
      },
    }
    methods[name] = method
  }
  return methods
}

type Box = Map<unknown, unknown> | Set<unknown>

const walks = {
  entries(this: Box) {
    return pairsIn(unshield(this))
  },
  values(this: Box) {
    return valuesIn(unshield(this))
  },
  forEach(this: Box, visit: (value: unknown, key: unknown, box: Box) => void, self?: unknown) {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this)
  },
}

function* pairsIn(box: Box): Generator<[unknown, unknown]> {
  for (const [key, value] of box.entries()) yield [shield(key), shield(value)]
}

function* valuesIn(box: Box): Generator<unknown> {
  for (const value of box.values()) yield shield(value)
}

const handlers: Partial<Record<Kind, ProxyHandler<object>>> = {
  object: objectTraps,
  array: trapsWith(membersOf(Array, redirected(Array.prototype, ['indexOf', 'lastIndexOf', 'includes']))),
  map: closedTraps(membersOf(Map, { ...redirected(Map.prototype), ...walks, [Symbol.iterator]: walks.entries }, true)),
  set: closedTraps(
    membersOf(
      Set,
      { ...redirected(Set.prototype), ...walks, keys: walks.values, [Symbol.iterator]: walks.values },
      true,
    ),
  ),
}

/**
 * A Date is no proxy, since `new Date(date)` looks into it. It has the time of the author's own as it was last read, and
 * properties of its own that hide all inherited ones.
 */
const dateMembers = membersOf(Date, redirected(Date.prototype), true)
const hiding: PropertyDescriptorMap = {}
for (const key of new Set([Object, Date].flatMap(({ prototype }) => Reflect.ownKeys(prototype))))
  Object.defineProperty(hiding, key, { value: { value: dateMembers[key] }, enumerable: true })

function dateOver(own: Date): Date {
  return Object.preventExtensions(Object.defineProperties(new Date(own.getTime()), hiding))
}

function inTime(date: Date, own: Date): Date {
  Date.prototype.setTime.call(date, own.getTime())
  return date
}
