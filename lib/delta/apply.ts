/**
 * Applies patches to a value without changing it: what lies on a path is copied once, everything else keeps its identity.
 * A patch that does not fit throws `invalid-message`, and the result of the others is lost with it.
 */
import { HeldStateError } from '../base/errors.js'
import type { Key, Patch, Splice, TextSplice } from './patch.js'
import { isPair } from './text-splice.js'

/** Containers that this call has made, and may therefore change. */
type Own = Set<object>

export function apply(value: unknown, patches: readonly Patch[]): unknown {
  const own: Own = new Set()
  let root = value
  for (const patch of patches) root = applyAt(root, patch, 0, own)
  return root
}

function applyAt(value: unknown, patch: Patch, depth: number, own: Own): unknown {
  const path = patch[0]
  if (depth === path.length) return patch.length === 4 ? spliced(value, patch, own) : assigned(patch)
  const key = path[depth]
  const container = owned(value, own)
  const isLast = depth === path.length - 1
  if (isLast && patch.length === 1) remove(container, key)
  else if (isLast && patch.length === 2) put(container, key, patch[1])
  else put(container, key, applyAt(read(container, key), patch, depth + 1, own))
  return container
}

function assigned(patch: Patch): unknown {
  if (patch.length !== 2) throw misfit()
  return patch[1]
}

function spliced(value: unknown, [, start, deleteCount, come]: Splice | TextSplice, own: Own): unknown {
  const end = start + deleteCount
  if (!isCount(start) || !isCount(deleteCount)) throw misfit()
  if (typeof value === 'string' && typeof come === 'string') return rewritten(value, start, end, come)
  if (!Array.isArray(value) || !Array.isArray(come) || end > value.length) throw misfit()
  const list = owned(value, own) as unknown[]
  if (come.length < manyArguments) list.splice(start, deleteCount, ...come)
  else for (const item of [...come, ...list.splice(start).slice(deleteCount)]) list.push(item)
  return list
}

/** Nothing is looked at where words are added to the end. */
function rewritten(value: string, start: number, end: number, words: string): string {
  if (start === end && end === value.length) return value + words
  if (end > value.length || isPair(value, start) || isPair(value, end)) throw misfit()
  return value.slice(0, start) + words + value.slice(end)
}

/** Engines bound how many arguments a call may have; this is well below. */
const manyArguments = 10_000

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

function owned(value: unknown, own: Own): object {
  if (typeof value !== 'object' || value === null) throw misfit()
  if (own.has(value)) return value
  const copy = copyOf(value)
  own.add(copy)
  return copy
}

function copyOf(value: object): object {
  if (Array.isArray(value)) return value.slice()
  if (value instanceof Map) return new Map(value)
  if (value instanceof Set) return new Set(value)
  if (value instanceof Date) throw misfit()
  return Object.getPrototypeOf(value) === null ? Object.assign(Object.create(null), value) : { ...value }
}

function read(container: object, key: Key): unknown {
  if (container instanceof Map ? container.has(key) : isProperty(container, key) && Object.hasOwn(container, key))
    return container instanceof Map ? container.get(key) : Reflect.get(container, key as string | number)
  throw misfit()
}

function put(container: object, key: Key, value: unknown): void {
  if (typeof key === 'object' && key !== null) throw misfit()
  if (container instanceof Map) container.set(key, value)
  else if (container instanceof Set) container.add(key)
  else if (isProperty(container, key) && (!Array.isArray(container) || Object.hasOwn(container, key)))
    Reflect.set(container, key, value)
  else throw misfit()
}

function remove(container: object, key: Key): void {
  if (container instanceof Map || container instanceof Set) {
    if (!container.delete(key)) throw misfit()
  } else if (!Array.isArray(container) && isProperty(container, key) && Object.hasOwn(container, key))
    Reflect.deleteProperty(container, key)
  else throw misfit()
}

/** Whether `key` may name a property: an index of an array, a name in an object. */
function isProperty(container: object, key: Key): key is string | number {
  if (container instanceof Set) return false
  if (Array.isArray(container)) return typeof key === 'number'
  return typeof key === 'string' && key !== '__proto__'
}

const misfit = () => new HeldStateError('invalid-message', 'A patch does not fit the state of this tab.')
