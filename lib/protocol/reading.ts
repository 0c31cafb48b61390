/** Reads what comes from a page: anything may. */
import { HeldStateError } from '../base/errors.js'
import { handlerLimits } from '../base/server-limits.js'
import { cut } from '../base/text.js'

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Names are kept, compared, logged and echoed. */
export const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= handlerLimits.nameText

export function count(value: unknown, what: string): number {
  if (isCount(value)) return value
  throw malformed(`expected an integer as ${what}, got ${describe(value)}`)
}

export function name(value: unknown, what: string): string {
  if (isName(value)) return value
  throw malformed(
    `expected the ${what} as a string of at most ${handlerLimits.nameText} characters, got ${describe(value)}`,
  )
}

export const malformed = (message: string) => new HeldStateError('invalid-message', `Malformed message: ${message}.`)

/** A short word for a value that may be huge, deep or hostile. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, 80))
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}
