/** The declared fields of a state: given their first values when they are missing, and no others let in. */
import { HeldStateError } from '../base/errors.js'
import type { Draft } from '../delta/draft.js'
import type { ServerDefinition } from '../state/define.js'
import type { Registry } from '../state/registry.js'
import type { State } from '../store/store.js'

/**
 * The draft of one state, made complete: a new state gets all first values, an older one those it does not have yet. The
 * commit turns what was just added into part of the draft, so that the handler gets a draft and no loose object.
 */
export function materialize(
  draft: Draft<Record<string, object>>,
  before: State,
  { id, members }: ServerDefinition,
): object {
  const fields = draft.part(id)
  if (fields && (members.isComplete(before[id] ?? {}) || members.isComplete(fields))) return fields
  draft.state[id] = { ...members.initial(), ...fields }
  draft.commit()
  return draft.state[id] as object
}

/**
 * A field without a first value would have no visibility, and might leave the server unasked. One that was declared when
 * it was saved and is not any more stays where it is, unseen.
 */
export function refuseUndeclared(registry: Registry, before: State, after: State): void {
  for (const id in after) {
    if (after[id] === before[id] || !registry.has(id)) continue
    const { members } = registry.get(id)
    for (const field in after[id])
      if (members.visibilityOf(field) === undefined && !Object.hasOwn(before[id] ?? {}, field))
        throw new HeldStateError(
          'undeclared-field',
          `"${field}" is no field of state "${id}". Give it a first value in defineState(...) or .private(...); undefined will do.`,
        )
  }
}
