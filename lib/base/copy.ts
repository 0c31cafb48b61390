/** Copies what may live in state, and refuses what may not. */
import type { HeldStateError } from './errors.js'
import {
  checkKey,
  checkProperty,
  describe,
  formatPath,
  isContainer,
  kindOf,
  MapKey,
  maxDepth,
  type Path,
  refuse,
  sizeOfKey,
  sizeOfPrimitive,
} from './value.js'

/**
 * Replaces what stands for a value (a draft, a view): by `value`, which is taken as it is, or by what is copied `instead`, of
 * which `made` gets the copy. `holders` are the copies around it, outermost first. Both lists change after the call: a callee
 * that keeps one copies it.
 */
export type Substitute = (value: object, path: Path, holders: readonly object[]) => Substitution | undefined

type Substitution =
  | { readonly value: unknown }
  | { readonly instead: object; readonly made: ((copy: object) => void) | undefined }

/** Counts bytes, about as many as values take in JSON. */
export interface Meter {
  bytes: number
}

/** A deep copy of `value`, checked. Throws `invalid-value` with the path of what cannot live in state. `meter` counts what is copied. */
export function copyValue(value: unknown, path: Path, substitute?: Substitute, meter?: Meter): unknown {
  if (typeof value === 'object' && value !== null) return new Copier(value, path, substitute, meter).container(value)
  if (kindOf(value) === 'invalid') throw refuse(path, describe(value), value)
  return value
}

class Copier {
  private readonly root: object
  private readonly start: number
  private readonly path: unknown[]
  private readonly holders: object[] = []
  private readonly substitute: Substitute | undefined
  private readonly meter: Meter | undefined

  constructor(root: object, path: Path, substitute: Substitute | undefined, meter: Meter | undefined) {
    this.root = root
    this.start = path.length
    this.path = [...path]
    this.substitute = substitute
    this.meter = meter
  }

  container(value: object): unknown {
    const substituted = this.substitute?.(value, this.path, this.holders)
    if (!substituted) return this.copy(value)
    if ('value' in substituted) return substituted.value
    const copy = this.copy(substituted.instead)
    substituted.made?.(copy)
    return copy
  }

  private copy(value: object): object {
    switch (kindOf(value)) {
      case 'object':
        return this.object(value)
      case 'array':
        return this.array(value as unknown[])
      case 'map':
        return this.map(value as Map<unknown, unknown>)
      case 'set':
        return this.set(value as Set<unknown>)
      case 'date':
        return new Date((value as Date).getTime())
      default:
        throw refuse(this.path, describe(value), value)
    }
  }

  private object(value: object): object {
    const copy: Record<string, unknown> = Object.getPrototypeOf(value) === null ? Object.create(null) : {}
    this.enter(copy)
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
      if (!descriptor?.enumerable) continue
      checkProperty(key, descriptor, this.path)
      copy[key as string] = this.item(descriptor.value, key)
    }
    this.holders.pop()
    return copy
  }

  private array(value: readonly unknown[]): unknown[] {
    const copy: unknown[] = []
    this.enter(copy)
    for (let index = 0; index < value.length; index += 1) {
      if (value[index] === undefined && !Object.hasOwn(value, index))
        throw refuse([...this.path, index], 'a hole in an array')
      copy.push(this.item(value[index], index))
    }
    this.holders.pop()
    return copy
  }

  private map(value: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>()
    this.enter(copy)
    for (const [key, item] of value) copy.set(checkKey(key, this.path), this.item(item, new MapKey(key)))
    this.holders.pop()
    return copy
  }

  private set(value: ReadonlySet<unknown>): Set<unknown> {
    const copy = new Set<unknown>()
    this.enter(copy)
    for (const item of value) copy.add(this.item(item, '(an element)'))
    this.holders.pop()
    return copy
  }

  private item(value: unknown, key: unknown): unknown {
    if (this.meter) this.meter.bytes += sizeOfPrimitive(value) + sizeOfKey(key)
    if (typeof value !== 'object' || value === null) {
      if (kindOf(value) === 'invalid') throw refuse([...this.path, key], describe(value), value)
      return value
    }
    this.path.push(key)
    const copy = this.container(value)
    this.path.pop()
    return copy
  }

  private enter(copy: object): void {
    if (this.path.length > maxDepth)
      throw process.env.NODE_ENV === 'production' ? tooDeep(this.path) : cycleIn(this.root, this.path, this.start)
    this.holders.push(copy)
  }
}

const tooDeep = (path: Path) => refuse(path, `nesting deeper than ${maxDepth} levels or a cycle`)

/** Names the place where a cycle closes, if it is one that can be followed. Only development looks for it: a page would pay for that. */
function cycleIn(root: object, path: Path, start: number): HeldStateError {
  const seen = new Map<unknown, number>()
  let value: unknown = root
  for (let at = start; at < path.length && isContainer(value); at += 1) {
    const first = seen.get(value)
    if (first !== undefined)
      return refuse(path.slice(0, at), `the object that contains it (${formatPath(path.slice(0, first))}): a cycle`)
    seen.set(value, at)
    value = partOf(value, path[at])
  }
  return tooDeep(path)
}

function partOf(value: object, key: unknown): unknown {
  if (key instanceof MapKey) return (value as Map<unknown, unknown>).get(key.key)
  if (value instanceof Set) return [...value].find(isContainer)
  return (value as Record<PropertyKey, unknown>)[key as PropertyKey]
}
