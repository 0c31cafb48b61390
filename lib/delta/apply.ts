/**
 * Applies patches to a value without changing it: what lies on a path is copied once, everything else keeps its identity.
 * A patch that does not fit throws `invalid-message`, and the result of the others is lost with it.
 */
import { HeldStateError } from '../base/errors.js'
import type { Key, Patch } from './patch.js'

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
  if (depth === path.length) return patch.length === 4 ? spliced(value, patch[1], patch[2], patch[3], own) : patch[1]
  const key = path[depth]
  const container = owned(value, own)
  if (depth === path.length - 1 && patch.length === 1) remove(container, key)
  else put(container, key, applyAt(depth === path.length - 1 && patch.length === 2 ? undefined : read(container, key), patch, depth + 1, own))
  return container
}

function spliced(value: unknown, start: number, deleteCount: number, items: readonly unknown[], own: Own): unknown {
  if (!Array.isArray(value) || start + deleteCount > value.length) throw misfit()
  const list = owned(value, own) as unknown[]
  list.splice(start, deleteCount, ...items)
  return list
}

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
  if (container instanceof Map) {
    if (container.has(key)) return container.get(key)
  } else if (isProperty(container, key) && Object.hasOwn(container, key)) return Reflect.get(container, key)
  throw misfit()
}

function put(container: object, key: Key, value: unknown): void {
  if (container instanceof Map) container.set(key, value)
  else if (container instanceof Set) container.add(key)
  else if (Array.isArray(container)) {
    if (typeof key !== 'number' || !(key in container)) throw misfit()
    container[key] = value
  } else if (isProperty(container, key)) Reflect.set(container, key, value)
  else throw misfit()
}

function remove(container: object, key: Key): void {
  if (container instanceof Map || container instanceof Set ? container.delete(key) : false) return
  if (!Array.isArray(container) && isProperty(container, key) && Object.hasOwn(container, key)) Reflect.deleteProperty(container, key)
  else throw misfit()
}

function isProperty(container: object, key: Key): key is string | number {
  return !(container instanceof Set) && key !== '__proto__' && (typeof key === 'string' || typeof key === 'number')
}

const misfit = () => new HeldStateError('invalid-message', 'A patch does not fit the state of this tab.')
