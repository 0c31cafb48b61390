/**
 * What may live in state: JSON values, and undefined, NaN, the infinities, -0, bigint, Date, Map and Set. Containers are
 * plain objects, dense arrays, Maps with primitive keys, and Sets. Anything else would not come back from the store or
 * reach a tab as it was, so it is refused, and the error names its place.
 */
import { HeldStateError } from './errors.js'

export type Kind = 'primitive' | 'object' | 'array' | 'map' | 'set' | 'date' | 'invalid'

/** The way to a value from the root of a token's state; its first key is the id of the definition. */
export type Path = readonly unknown[]

/** Deeper nesting is a cycle or a mistake, and recursion over it would end in a RangeError. */
const maxDepth = 200

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'object':
      return value === null ? 'primitive' : kindOfObject(value)
    case 'function':
    case 'symbol':
      return 'invalid'
    default:
      return 'primitive'
  }
}

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'array'
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'object'
  if (prototype === Map.prototype) return 'map'
  if (prototype === Set.prototype) return 'set'
  if (prototype === Date.prototype) return 'date'
  return 'invalid'
}

/** Replaces what stands for a value (a draft, a view) by the value; whatever it returns is taken as it is. */
export type Substitute = (value: object, path: Path) => { readonly value: unknown } | undefined

/** A deep copy of `value`, checked. Throws `invalid-value` with the path of what cannot live in state. */
export function copyValue(value: unknown, path: Path, substitute?: Substitute, depth = 0): unknown {
  if (isContainer(value)) {
    const substituted = substitute?.(value, path)
    if (substituted) return substituted.value
  }
  const kind = kindOf(value)
  if (kind === 'primitive') return value
  if (kind === 'invalid') throw refuse(path, describe(value))
  if (depth > maxDepth) throw refuse(path, `nesting of more than ${maxDepth} levels, or a cycle`)
  const copy = (item: unknown, key: unknown) => copyValue(item, [...path, key], substitute, depth + 1)
  switch (kind) {
    case 'object':
      return copyObject(value as object, path, copy)
    case 'array':
      return copyArray(value as unknown[], path, copy)
    case 'map':
      return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [checkKey(key, path), copy(item, key)]))
    case 'set':
      return new Set([...(value as Set<unknown>)].map((item) => copy(item, '(an element)')))
    case 'date':
      return new Date((value as Date).getTime())
  }
}

type CopyItem = (item: unknown, key: unknown) => unknown

function copyObject(value: object, path: Path, copy: CopyItem): object {
  const copied: Record<string, unknown> = Object.getPrototypeOf(value) === null ? Object.create(null) : {}
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
    if (!descriptor?.enumerable) continue
    checkProperty(key, descriptor, path)
    copied[key as string] = copy(descriptor.value, key)
  }
  return copied
}

function copyArray(value: readonly unknown[], path: Path, copy: CopyItem): unknown[] {
  const copied: unknown[] = new Array(value.length)
  for (let index = 0; index < value.length; index += 1) {
    if (!(index in value)) throw refuse([...path, index], 'a hole in an array')
    copied[index] = copy(value[index], index)
  }
  return copied
}

function checkProperty(key: PropertyKey, descriptor: PropertyDescriptor, path: Path): void {
  if (typeof key === 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
  if (key === '__proto__') throw refuse(path, '"__proto__" as a key')
  if (descriptor.get || descriptor.set) throw refuse([...path, key], 'a getter or setter')
}

/** A Map's key must be a primitive: an object as a key has no identity in the store or in the tab. */
export function checkKey(key: unknown, path: Path): unknown {
  if (kindOf(key) !== 'primitive') throw refuse(path, `${describe(key)} as a key of a Map`)
  return key
}

export function refuse(path: Path, found: string): HeldStateError {
  return new HeldStateError(
    'invalid-value',
    `${formatPath(path)} cannot hold ${found}. State holds JSON values, undefined, NaN, infinities, bigint, Date, Map with primitive keys, and Set.`,
  )
}

/** `counter.rows[3].name`, for people. */
export function formatPath(path: Path): string {
  const parts = path.map((key, index) => {
    if (typeof key === 'number') return `[${key}]`
    if (typeof key === 'string' && /^[\w$(].*$/.test(key)) return index === 0 ? key : `.${key}`
    return `[${typeof key === 'string' ? JSON.stringify(key) : String(key)}]`
  })
  return parts.join('') || 'The state'
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`
  if (typeof value === 'symbol') return 'a symbol'
  const name = (value as { constructor?: { name?: string } } | null)?.constructor?.name
  return name && name !== 'Object' ? `an instance of ${name}` : 'an object that is not plain'
}
