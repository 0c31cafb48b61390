/** The state of a token could not be loaded, so nobody knows which calls have taken effect on it. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'

export class StateUnknown extends HeldStateError {
  readonly token: string

  constructor(token: string, cause: unknown) {
    const [code, message] = isHeldStateError(cause)
      ? ([cause.code, cause.message] as const)
      : (['load-failed', failed] as const)
    super(code, message, { cause })
    this.token = token
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isHeldStateError(value) && 'token' in value
  }
}

const failed =
  'The saved state of this tab could not be loaded: the store failed. Try again; the cause is in the log of the server.'
