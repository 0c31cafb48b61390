/** Translates the errors of a redis. Each begins with a code in capitals. */
import { HeldStateError, isHeldStateError, messageOf } from '../../base/errors.js'
import { storeAway } from '../../base/failure.js'

/** Codes for any operation: this redis cannot work now. It may later, or another one in its place. */
const temporaryCodes = new Set([
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'BUSY',
  'NOAUTH',
  'WRONGPASS',
])

const codeOf = (error: unknown) => /^([A-Z]{2,}) /.exec(messageOf(error))?.[1]

/** Whether the operation may succeed over a later connection. An error without a code is a lost connection. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  return code === undefined ? !isHeldStateError(error) : temporaryCodes.has(code)
}

/** An error that stays until the set-up is changed; `undefined` for any other. */
export function permanentError(error: unknown, where: string): HeldStateError | undefined {
  if (isHeldStateError(error)) return error
  const unfit = (says: string) => new HeldStateError('store-misconfigured', says, { cause: error })
  switch (codeOf(error)) {
    case 'NOAUTH':
      return unfit(`The Redis at ${where} requires a password. Add it to the URL: redis://:password@${where}.`)
    case 'WRONGPASS':
      return unfit(`The Redis at ${where} rejected the user and password in the URL. Correct them.`)
    case 'READONLY':
      return unfit(`The Redis at ${where} is a read-only replica. Use the URL of its primary.`)
    case 'NOPERM':
      return unfit(`The Redis at ${where} denies its user a command that heldstate needs: ${messageOf(error)}.`)
    case 'ERR':
      if (/max number of clients/.test(messageOf(error))) return undefined
      return unfit(`The Redis at ${where} rejected a command: ${messageOf(error)}.`)
    default:
      return undefined
  }
}

export const unreachable = (where: string, cause: unknown) =>
  new HeldStateError(
    'store-unreachable',
    `The Redis at ${where} is unreachable${cause === undefined ? '' : ` (${reason(cause)})`}. Start it, or correct the URL of the store.`,
    { cause },
  )

/** The error of an operation under way. Its message may reach a page, so it does not name the address of the store. */
export const storeUnreachable = (where: string, cause: unknown) =>
  new HeldStateError('store-unreachable', storeAway, { cause: unreachable(where, cause) })

/** The package `redis` was not loaded. */
export function missingClient(cause: unknown): HeldStateError {
  const missing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND'
  const says = missing
    ? 'The Redis store needs the package "redis". Run "npm install redis".'
    : `The package "redis" could not be loaded: ${messageOf(cause)}.`
  return new HeldStateError('store-misconfigured', says, { cause })
}

/** Node wraps the failures of all addresses of a host, and gives the whole no text. */
function reason(cause: unknown): string {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return messageOf(first) || 'unknown reason'
}
