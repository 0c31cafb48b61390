/** A digest of a start's arguments, which tells whether two starts have equal arguments, even in two processes. */
import { createHash } from 'node:crypto'
import { kindOf } from '../base/value.js'

/** Characters of a digest: 132 bits, so that no two arguments share one by chance or on purpose. */
const length = 22

/**
 * Equal arguments have the same digest, whatever the order of keys, Map entries and elements of a Set. Arguments left out at
 * the tail count as `undefined`. Returns `undefined` for values that cannot be compared, such as functions.
 */
export function digestOf(args: readonly unknown[]): string | undefined {
  const given = [...args]
  while (given.length > 0 && given.at(-1) === undefined) given.pop()
  try {
    return createHash('sha256').update(textOf(given)).digest('base64url').slice(0, length)
  } catch {
    return undefined
  }
}

/** A text that no other value has. Throws for a value that cannot be compared. */
function textOf(value: unknown): string {
  switch (kindOf(value)) {
    case 'primitive':
      return textOfPrimitive(value)
    case 'array':
      return `[${Array.from(value as unknown[], textOf)}]`
    case 'date':
      return `date ${(value as Date).getTime()}`
    case 'map':
      return `map ${sorted([...(value as Map<unknown, unknown>)].map(pairOf))}`
    case 'set':
      return `set ${sorted([...(value as Set<unknown>)].map(textOf))}`
    case 'object':
      return sorted(Object.entries(value as object).map(pairOf))
    case 'invalid':
      throw new Error('no value of a state')
  }
}

function textOfPrimitive(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'bigint' ? `${value}n` : String(value) // -0 equals 0
}

const pairOf = ([key, item]: readonly [unknown, unknown]): string => `${textOf(key)}:${textOf(item)}`

const sorted = (texts: readonly string[]): string => `{${[...texts].sort()}}`
