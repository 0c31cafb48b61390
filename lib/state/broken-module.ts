/** What is said of a state module that cannot be used: first of all which one. */
import { HeldStateError, isHeldStateError, messageOf } from '../base/errors.js'

/** Throws what `error` means for the module at `source`. */
export function refuseModule(source: string, error: unknown): never {
  const code = isHeldStateError(error) ? error.code : 'invalid-definition'
  throw new HeldStateError(code, `The state module ${source} cannot be used: ${messageOf(error)}`, { cause: error })
}
