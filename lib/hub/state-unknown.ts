/** The state of a token could not be loaded, so nobody knows which calls have taken effect on it. */
import { type ErrorCode, HeldStateError, isHeldStateError } from '../base/errors.js'
import { cannotSave } from '../store/ledger.js'

export class StateUnknown extends HeldStateError {
  readonly token: string

  constructor(token: string, cause: unknown) {
    const code = isHeldStateError(cause) ? cause.code : 'load-failed'
    super(code, messageFor(cause), { cause })
    this.token = token
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isHeldStateError(value) && 'token' in value
  }
}

/** A page hears of it: where the store is, and what it says, is for the log. */
function messageFor(cause: unknown): string {
  if (!isHeldStateError(cause)) return failed
  return messages.get(cause.code) ?? cause.message
}

const failed =
  'The saved state of this tab could not be loaded: the store failed. Try again; the cause is in the log of the server.'

/** Of failures whose own words name folders or hosts. */
const messages = new Map<ErrorCode, string>([
  ['store-unreachable', cannotSave],
  ['unfit-store', cannotSave],
  ['load-failed', failed],
  ['hub-closed', 'The server is shutting down. Try again later.'],
])
