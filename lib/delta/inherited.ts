/**
 * What drafts and views have besides keys of their own. An author may look up a name that comes from a page, so no name
 * leads to a prototype or to a built-in function: the methods here are frozen copies, and behind them is nothing to reach.
 */
import { HeldStateError } from '../base/errors.js'

// biome-ignore lint/complexity/noBannedTypes: any function, which is never called as such
type Callable = Function
type Constructor = new (...args: never[]) => object

/** Values by name, frozen and without a prototype. */
export type Members = Readonly<Record<PropertyKey, unknown>>

/** Answers an assignment to a name that nothing has; `draft` is what the author has assigned to. */
type Refuse = (key: PropertyKey, draft: object) => never

const nothing = Object.freeze(Object.create(null))

/** What methods inherit instead of `Function.prototype`. */
const ofFunctions = Object.create(border(Function.prototype))

for (const name of ['call', 'apply', 'bind', 'toString'] as const)
  Object.defineProperty(ofFunctions, name, { value: wrapped(Function.prototype[name]) })
Object.freeze(ofFunctions)

/** What a plain object inherits. */
const ofObjects: Members = Object.freeze(
  Object.assign(Object.create(null), {
    hasOwnProperty: wrapped(Object.prototype.hasOwnProperty),
    isPrototypeOf: wrapped(Object.prototype.isPrototypeOf),
    propertyIsEnumerable: wrapped(Object.prototype.propertyIsEnumerable),
    toLocaleString: wrapped(Object.prototype.toLocaleString),
    toString: wrapped(Object.prototype.toString),
    valueOf: wrapped(Object.prototype.valueOf),
  }),
)

/** Whether a looked up value can be handed out as it is. Prototypes hold functions and objects, so it is an own value. */
export function isLeaf(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object' && typeof value !== 'function'
}

/** What the draft or view of a plain object has under a name that is no key of `object`. */
export function inheritedBy(object: object, key: PropertyKey): unknown {
  return Object.getPrototypeOf(object) === null ? undefined : ofObjects[key]
}

/** Whether the draft or view of a plain object has this name: the answer to `key in draft`. */
export function isNameIn(object: object, key: PropertyKey): boolean {
  return Object.hasOwn(object, key) || inheritedBy(object, key) !== undefined
}

/**
 * What the draft or view of a built-in class inherits: `own`, methods of plain objects, and the methods of the class. These
 * are copied, those of newer engines too. Where they would look into the object itself, in which a Map that stands for one has
 * nothing, those that `own` does not have are refused.
 */
export function membersOf(builtIn: Constructor, own: object, looksInside = false): Members {
  const members = Object.assign(Object.create(null), ofObjects)
  for (const key of Reflect.ownKeys(builtIn.prototype)) {
    const value = Reflect.getOwnPropertyDescriptor(builtIn.prototype, key)?.value
    if (typeof value === 'string') members[key] = value
    if (typeof value === 'function') members[key] = looksInside ? refusalOf(builtIn, value) : wrapped(value)
  }
  for (const key of Reflect.ownKeys(own)) {
    const value = Reflect.getOwnPropertyDescriptor(own, key)?.value
    if (typeof value === 'function' && key !== 'constructor') members[key] = sealed(value)
  }
  members.constructor = constructorOf(builtIn)
  if (builtIn === Date) members[Symbol.toStringTag] = 'Date' // V8 calls what has a proxy among its prototypes "Object"
  return Object.freeze(members)
}

/** Makes a class that stands for a built-in one safe: its instances are still such ones to `instanceof`. */
export function seal(made: Constructor, builtIn: Constructor, refuse: Refuse, looksInside = false): void {
  const { prototype } = made
  const members = membersOf(builtIn, prototype, looksInside)
  for (const key of Reflect.ownKeys(members)) Object.defineProperty(prototype, key, { value: members[key] })
  Object.setPrototypeOf(prototype, border(builtIn.prototype, refuse))
  Object.freeze(prototype)
}

const { add } = Set.prototype
const { set } = Map.prototype
const hint = Symbol('heldstate: to clone or send this, use plain(value)')

/** A clone of a stand-in would be empty, since it has no elements of its own: now it is refused, and the words say so. */
export function refuseClone(standIn: Map<unknown, unknown> | Set<unknown>): void {
  if (standIn instanceof Map) set.call(standIn, hint, hint)
  else add.call(standIn, hint)
}

/** Adds those methods to a class that the engine's own has: no author finds more on a draft than on what it stands for. */
export function addNewer(made: Constructor, builtIn: Constructor, methods: object): void {
  for (const [name, value] of Object.entries(methods))
    if (name in builtIn.prototype) Object.defineProperty(made.prototype, name, { value, configurable: true })
}

/** A method that leads nowhere. */
function sealed<T extends Callable>(method: T): T {
  return Object.freeze(Object.setPrototypeOf(method, ofFunctions))
}

function wrapped(original: Callable): Callable {
  const { method } = {
    method(this: unknown, ...args: unknown[]) {
      return Reflect.apply(original, this, args)
    },
  }
  return sealed(named(method, original))
}

function refusalOf(builtIn: Constructor, original: Callable): Callable {
  const { method } = {
    method() {
      const name = `${builtIn.name}.${original.name}()`
      throw new HeldStateError(
        'invalid-value',
        `State does not support ${name}, which only newer engines have: use plain(value).${original.name}().`,
      )
    },
  }
  return sealed(named(method, original))
}

/** Builds plain values of a built-in class. */
function constructorOf(builtIn: Constructor): Callable {
  function make(...args: never[]) {
    return new.target ? Reflect.construct(builtIn, args) : Reflect.apply(builtIn, undefined, args)
  }
  const isInstance = (value: unknown) => value instanceof builtIn
  Object.defineProperty(make, 'prototype', { value: nothing, writable: false })
  Object.defineProperty(make, Symbol.hasInstance, { value: sealed(isInstance) })
  return sealed(named(make, builtIn))
}

/** Gives a function the name and length of the one that it stands for. */
export function named<T extends Callable>(copy: T, { name, length }: Callable): T {
  return Object.defineProperties(copy, { name: { value: name }, length: { value: length } })
}

/** The last prototype of a chain: `instanceof` sees `prototype` behind it, and reading and writing see nothing. */
function border(prototype: object, refuse?: Refuse): object {
  return new Proxy(Object.create(null), {
    getPrototypeOf: () => prototype,
    ...(refuse && { set: (_target, key, _value, draft) => refuse(key, draft) }),
    defineProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  })
}
