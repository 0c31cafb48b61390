/**
 * What a page reads of an error that its author did not write for visitors. It may hold a password, a path or somebody's data, so the page gets a
 * reference, and the log has the reference next to the error.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type ErrorCode, type Failure, fromFailure, HeldStateError, isHeldStateError, messageOf } from './errors.js'
import { refusalIn } from './refusal.js'
import { cut } from './text.js'

/** Codes of what is thrown by an author's code. */
export type AuthorCode = 'handler-failed' | 'task-failed'

const authorCodes: ReadonlySet<ErrorCode> = new Set<AuthorCode>(['handler-failed', 'task-failed'])

/** What was thrown, for the log. */
interface Hidden {
  /** The code that threw it. */
  readonly where: string
  readonly thrown: unknown
}

/** Errors whose words are for visitors, each with what it stands for, if that is something else. */
const told = new WeakMap<object, Hidden | undefined>()

/** Characters of a stack that tell one place from another. */
const longest = 2_000

/** The same error twice in one process has the same reference, and nobody can compute it. */
const salt = randomBytes(16)

/** What was thrown, as a page may read it. `where` names the code that threw it, for the log. */
export function concealed(code: AuthorCode, where: string, thrown: unknown): HeldStateError {
  if (isHeldStateError(thrown) && (!authorCodes.has(thrown.code) || told.has(thrown))) return thrown
  const words = refusalIn(thrown)
  const message = words ?? `Something went wrong (reference ${referenceOf(where, thrown)}).`
  const error = new HeldStateError(code, message, { cause: thrown })
  told.set(error, words === undefined ? { where, thrown } : undefined)
  return error
}

/** What a page has been told already, to be told once more. */
export function retold(failure: Failure): HeldStateError {
  const error = fromFailure(failure)
  told.set(error, undefined)
  return error
}

/** Whether a page reads what its author has written. */
export const isRefusal = (error: unknown): boolean => isHeldStateError(error) && refusalIn(error.cause) !== undefined

/** What stands behind an error of which a page reads a reference. */
export const hiddenBy = (error: unknown): Hidden | undefined => (isHeldStateError(error) ? told.get(error) : undefined)

/** For the log: with which words a visitor comes who has met the error. */
export const asVisitorsRead = (error: HeldStateError): string =>
  hiddenBy(error) ? ` Visitors read: "${error.message}"` : ''

/** By the place in the code and not by the words, which a stranger may have chosen: the log has the first error of a place for certain. */
function referenceOf(where: string, thrown: unknown): string {
  const hash = createHash('sha256').update(salt).update(where).update('\n').update(placeOf(thrown))
  return hash.digest('hex').slice(0, 8)
}

function placeOf(thrown: unknown): string {
  try {
    const { stack, name } = thrown as Error
    if (typeof stack !== 'string') return ''
    const message = messageOf(thrown)
    const at = stack.indexOf(message)
    return cut(`${name}${at < 0 ? stack : stack.slice(at + message.length)}`, longest)
  } catch {
    return ''
  }
}
