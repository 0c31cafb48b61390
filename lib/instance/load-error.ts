/** The state of a token could not be loaded, so it is unknown which calls have taken effect on it. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { notLoaded, wordsForSecrets } from '../base/failure.js'

export class LoadError extends HeldStateError {
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

/** The message for the page. The address of the store and its own error are only logged. */
function messageFor(cause: unknown): string {
  if (!isHeldStateError(cause)) return notLoaded
  return wordsForSecrets.get(cause.code) ?? cause.message
}
