/**
 * Freezes plain objects and arrays to their leaves, so that a write to a snapshot fails where it is made. What is frozen
 * already is not looked into: a snapshot costs what changed in it. A Map, a Set and a Date cannot be frozen.
 */
import { kindOf } from './value.js'

export function freezeDeep<T>(value: T): T {
  const kind = kindOf(value)
  if ((kind !== 'object' && kind !== 'array') || Object.isFrozen(value)) return value
  for (const part of Object.values(value as object)) freezeDeep(part)
  return Object.freeze(value)
}
