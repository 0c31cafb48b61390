/**
 * What may live in state: JSON values, and undefined, NaN, the infinities, -0, bigint, Date, Map and Set. Containers are
 * plain objects, dense arrays, Maps with primitive keys, and Sets. Anything else would not come back from the store or
 * reach a tab as it was, so it is refused, and the error names its place.
 */
import { HeldStateError } from './errors.js'
import { pageLimits } from './limits.js'
import { insteadOf } from './storable-alternatives.js'

export type Kind = 'primitive' | 'object' | 'array' | 'map' | 'set' | 'date' | 'invalid'

/** The way to a value from the root of a token's state; its first key is the id of the definition. */
export type Path = readonly unknown[]

/** A key of a Map on a path, told apart from a property of the same name. */
export class MapKey {
  readonly key: unknown
  constructor(key: unknown) {
    this.key = key
  }
}

/** Deeper nesting is a cycle or a mistake, and recursion over it would end in a RangeError. */
export const maxDepth = 200

/** What a message can carry: 0.8304 hexadecimal digits for each decimal one, and the 8 bytes of `sizeOfBigint`. */
const maxBigint = pageLimits.bigintDigits * 0.8304 + 8

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'object':
      return value === null ? 'primitive' : kindOfObject(value)
    case 'function':
    case 'symbol':
      return 'invalid'
    case 'bigint':
      return sizeOfBigint(value) > maxBigint ? 'invalid' : 'primitive'
    default:
      return 'primitive'
  }
}

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** What is kept under a name that may be one of those that all objects inherit, like "constructor". */
export function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'array'
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'object'
  if (prototype === Map.prototype) return 'map'
  if (prototype === Set.prototype) return 'set'
  if (prototype === Date.prototype) return 'date'
  return isPlainElsewhere(prototype) ? 'object' : kindElsewhere(value, Object.getPrototypeOf(prototype))
}

/** The prototype of plain objects of another realm, as of a test runner or a vm: it looks like ours, and has none itself. */
const isPlainElsewhere = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null &&
  Object.hasOwn(prototype, 'isPrototypeOf') &&
  Object.hasOwn(prototype, 'propertyIsEnumerable') &&
  (prototype as { constructor?: { name?: unknown } }).constructor?.name === 'Object'

/** Of a Map, Set or Date of another realm. `base` is what its prototype inherits from; of an instance of an author's class it is another. */
function kindElsewhere(value: object, base: object | null): Kind {
  if (base === null || base === Object.prototype || !isPlainElsewhere(base)) return 'invalid'
  for (const [kind, look] of looks)
    try {
      Reflect.apply(look, value, [])
      return kind
    } catch {}
  return 'invalid'
}

/** Each throws for anything but a value of its kind, of whatever realm. */
const looks: readonly (readonly [Kind, () => unknown])[] = [
  ['map', Map.prototype.keys],
  ['set', Set.prototype.keys],
  ['date', Date.prototype.getTime],
]

/** About how many bytes a primitive value takes. */
export function sizeOfPrimitive(value: unknown): number {
  if (typeof value === 'string') return value.length + 4
  return typeof value === 'bigint' ? sizeOfBigint(value) : 8
}

/** Hexadecimal digits are quick to write, however many they are. */
const sizeOfBigint = (value: bigint) => (BigInt.asIntN(64, value) === value ? 20 : value.toString(16).length + 8)

/** Of what `after` takes, as many as `before` took in its place: one text is nearly always made of the other. */
export const sizeInPlace = (before: unknown, after: unknown): number =>
  typeof before === 'string' && typeof after === 'string' ? Math.min(before.length, after.length) : 0

/** About how many bytes a key takes on top of its value. An index of a list takes none. */
export function sizeOfKey(key: unknown): number {
  if (key instanceof MapKey) return sizeOfPrimitive(key.key)
  return typeof key === 'number' ? 0 : sizeOfPrimitive(key)
}

/** About how many bytes a value takes that may live in state. What is past `most` is not counted to its end. */
export function sizeOf(value: unknown, most = Number.POSITIVE_INFINITY): number {
  let bytes = 0
  const waiting: unknown[] = [value]
  const keyed = (key: unknown, item: unknown) => {
    bytes += sizeOfPrimitive(key)
    waiting.push(item)
  }
  while (waiting.length > 0 && bytes <= most) {
    const item = waiting.pop()
    bytes += sizeOfPrimitive(item)
    if (typeof item !== 'object' || item === null) continue
    if (Array.isArray(item)) for (const element of item) waiting.push(element)
    else if (item instanceof Map) for (const [key, element] of item) keyed(key, element)
    else if (item instanceof Set) for (const element of item) waiting.push(element)
    else if (!(item instanceof Date))
      for (const key of Object.keys(item)) keyed(key, (item as Record<string, unknown>)[key])
  }
  return bytes
}

/** What of a value that came from a page no state should be: nested deeper than state may be, or an object with more keys than `most`. */
export function excessOf(value: unknown, most: number, depth = 0): 'depth' | 'keys' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth >= maxDepth) return 'depth'
  const within = (part: unknown) => (typeof part === 'object' ? excessOf(part, most, depth + 1) : undefined)
  let excess: 'depth' | 'keys' | undefined
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && !excess; at += 1) excess = within(value[at])
    return excess
  }
  const keys = Object.keys(value) // with very many, their values in one list take twice as long
  if (keys.length > most) return 'keys'
  for (let at = 0; at < keys.length && !excess; at += 1)
    excess = within((value as Record<string, unknown>)[keys[at] as string])
  return excess
}

export function checkProperty(key: PropertyKey, descriptor: PropertyDescriptor, path: Path): void {
  if (typeof key === 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
  if (key === '__proto__') throw refuse(path, '"__proto__" as a key')
  if (descriptor.get || descriptor.set) throw refuse([...path, key], 'a getter or setter')
}

/** A Map's key must be a primitive: an object as a key has no identity in the store or in the tab. */
export function checkKey(key: unknown, path: Path): unknown {
  if (kindOf(key) !== 'primitive') throw refuse(path, `${describe(key)} as a key of a Map`)
  return key
}

/** The refusal of what was `found` at a place; `value` if it is one by itself. */
export function refuse(path: Path, found: string, value?: unknown): HeldStateError {
  const instead = process.env.NODE_ENV === 'production' ? '' : `${insteadOf(found, value)} `
  return new HeldStateError(
    'invalid-value',
    `${formatPath(path)} cannot hold ${found}. ${instead.trimStart()}State can hold JSON values, undefined, NaN, infinities, bigint, Date, Map with primitive keys, and Set.`,
  )
}

/** Keys of a path in a message: of a cycle, all would be many. */
const maxNamed = 20

/** `counter.rows[3].name` or `counter.byId.get("x")`, for people. */
export function formatPath(path: Path): string {
  const parts = path.slice(0, maxNamed).map((key, index) => {
    if (typeof key === 'number') return `[${key}]`
    if (key instanceof MapKey) return `.get(${literal(key.key)})`
    if (typeof key === 'string' && /^([\p{L}_$][\p{L}\p{N}_$]*|\(.*\))$/u.test(key))
      return index === 0 ? key : `.${key}`
    return `[${literal(key)}]`
  })
  return `${parts.join('')}${path.length > maxNamed ? '…' : ''}` || 'The state'
}

function literal(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key)
  return typeof key === 'bigint' ? `${key}n` : String(key)
}

export function describe(value: unknown): string {
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'bigint') return `a bigint of more than ${pageLimits.bigintDigits} digits`
  if (typeof File === 'function' && value instanceof File)
    return `the file ${JSON.stringify(value.name)} (send it with fetch: docs/recipes/upload.md)`
  const name = Object.getPrototypeOf(value)?.constructor?.name // an own key "constructor" is data
  return name && name !== 'Object' ? `an instance of ${name}` : 'an object that is not plain'
}
