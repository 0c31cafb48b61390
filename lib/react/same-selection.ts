import { kindOf } from '../base/value.js'

/**
 * Whether two selections show the same. A selector may make a new object, list, Map, Set or Date each time; what it put in is
 * compared, down to parts that are one and the same, which in a mirror all are that did not change. Anything else, such as a
 * function or an instance of a class, is the same only as itself.
 */
export function isSameSelection(a: unknown, b: unknown): boolean {
  try {
    return isSame(a, b, new Map())
  } catch {
    return false // a getter or a proxy that throws, or nesting without end
  }
}

/** `met` holds the pairs that are being compared: a cycle comes back to one of them. */
function isSame(a: unknown, b: unknown, met: Map<unknown, unknown>): boolean {
  if (Object.is(a, b)) return true
  const kind = kindOf(a)
  if (kind === 'primitive' || kind === 'invalid' || kind !== kindOf(b)) return false
  if (met.get(a) === b) return true
  met.set(a, b)
  const [parts, others] = [partsOf(a as object), partsOf(b as object)]
  return parts.length === others.length && parts.every((part, index) => isSame(part, others[index], met))
}

/** What a page can show of a container, in order: keys and values one after the other. */
function partsOf(value: object): readonly unknown[] {
  if (value instanceof Date) return [value.getTime()]
  if (value instanceof Map) return [...value].flat()
  if (value instanceof Set) return [...value]
  if (Array.isArray(value) && Object.keys(value).length === value.length) return value
  return [(value as unknown[]).length, ...Object.entries(value).flat()] // of a list with holes or names, the length too
}
