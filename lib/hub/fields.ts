/** The declared fields of a state: given their first values when they are missing, and no others let in. */
import { HeldStateError } from '../base/errors.js'
import type { ServerDefinition } from '../state/define.js'
import type { Fields } from '../store/store.js'

/** A new state gets all first values, an older one those it does not have yet. */
export function completed(fields: Fields | undefined, { members }: ServerDefinition): Fields {
  return fields && members.isComplete(fields) ? fields : { ...members.initial(), ...fields }
}

/**
 * A field without a first value would have no visibility, and might leave the server unasked. One that was declared when
 * it was saved and is not any more stays where it is, unseen.
 */
export function refuseUndeclared({ id, members }: ServerDefinition, before: Fields | undefined, after: Fields): void {
  for (const field in after)
    if (members.visibilityOf(field) === undefined && !(before && Object.hasOwn(before, field)))
      throw new HeldStateError(
        'undeclared-field',
        `"${field}" is no field of state "${id}". Give it a first value in defineState(...) or .private(...); undefined will do.`,
      )
}
