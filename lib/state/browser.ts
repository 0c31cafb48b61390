/** What `heldstate` is in a browser bundle, which only a module reaches that the plugin has not replaced by its stub. */
import { HeldStateError } from '../base/errors.js'

export function defineState(id: string): never {
  throw new HeldStateError(
    'missing-plugin',
    `State "${id}" is in a browser bundle, where none can be defined. Its file must be named *.state.ts, and next.config ` +
      'must be wrapped: export default withHeldState({ ... }), from "heldstate/next".',
  )
}
