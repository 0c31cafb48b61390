/** Brings the fields of a saved state up to what the code declares now, and refuses fields that it does not declare. */

import { copyValue } from '../base/copy.js'
import { HeldStateError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { ownValue } from '../base/value.js'
import type { FieldLines } from '../delta/field-lines.js'
import type { ServerDefinition } from '../state/define.js'
import { fitting, isSameShape, type Shape } from '../state/shape.js'
import type { Fields, State } from '../store/store.js'

/** Whether saved fields are as the definition declares them. */
export function isCurrent(
  fields: Fields | undefined,
  shape: Shape | undefined,
  { members }: ServerDefinition,
): boolean {
  return fields !== undefined && members.isComplete(fields) && (!shape || isSameShape(shape, members.shape))
}

/**
 * A new state has all first values, an older one is given those it does not have yet. One of another shape is migrated if its
 * author says how; else the fields that still fit are kept, and the log says which are not.
 */
export function completed(
  fields: Fields | undefined,
  shape: Shape | undefined,
  definition: ServerDefinition,
  log: Log,
  first: Fields,
): Fields {
  if (!fields) return first
  if (isCurrent(fields, shape, definition)) return fields
  const { members } = definition
  if (!shape || isSameShape(shape, members.shape)) return { ...first, ...fields }
  return {
    ...first,
    ...(migrated(fields, shape, definition, log) ?? fitted(fields, shape, definition, log)),
  }
}

function migrated(fields: Fields, { version }: Shape, { id, members }: ServerDefinition, log: Log): Fields | undefined {
  if (!members.migrate || version >= members.version) return undefined
  try {
    const made = members.migrate(copyValue(fields, [id]) as Record<string, unknown>, version)
    return copyValue(made, [id]) as Fields
  } catch (error) {
    log.error(
      `State "${id}" of a tab could not be migrated from version ${version}. The fields that still fit are kept.`,
      error,
    )
    return undefined
  }
}

function fitted(fields: Fields, shape: Shape, { id, members }: ServerDefinition, log: Log): Fields {
  const kept = fitting(fields, shape, members.shape)
  const lost = Object.keys(fields).filter((name) => !Object.hasOwn(kept, name))
  if (lost.length > 0)
    log.warn(
      `Fields of state "${id}" were saved with another type and are reset to their first values: ${lost.join(', ')}. To migrate them, increase ` +
        `the version: defineState(...).version(${members.version + 1}, (fields) => ({ ... })).`,
    )
  return kept
}

/** A state as it is saved. The first save of a copy has all that it borrowed, also where nothing has changed: afterwards it borrows nothing. */
export const withBorrowed = (
  { borrowed }: { readonly borrowed: { readonly state: State } | undefined },
  state: State,
) => (borrowed ? { ...borrowed.state, ...state } : state)

interface Shaped {
  readonly shapes: Readonly<Record<string, Shape>>
}

/** The shapes to save: those of a state that this one began with, of the states as they are, and of the definitions that were opened. */
export function shapesToSave(
  { borrowed, newest }: { readonly borrowed: Shaped | undefined; readonly newest: Shaped },
  opened: readonly { readonly definition: ServerDefinition }[],
): Readonly<Record<string, Shape>> {
  const shapes = shapesWith(newest.shapes, opened)
  return borrowed ? { ...borrowed.shapes, ...shapes } : shapes
}

/** The shapes of states, with those of the definitions that were opened as they are now. */
function shapesWith(
  shapes: Readonly<Record<string, Shape>>,
  opened: readonly { readonly definition: ServerDefinition }[],
): Readonly<Record<string, Shape>> {
  let all = shapes
  for (const { definition } of opened) {
    const { id, members } = definition
    if (ownValue(all, id) !== members.shape) all = { ...all, [id]: members.shape }
  }
  return all
}

/**
 * A field without a first value would have no visibility, and might leave the server unasked. One that was declared when
 * it was saved and is not any more stays where it is, unseen.
 */
export function refuseUndeclared(
  { id, members }: ServerDefinition,
  before: Fields | undefined,
  after: Fields,
  lines: FieldLines | undefined,
): void {
  for (const field of Object.keys(after))
    if (members.visibilityOf(field) === undefined && !(before && Object.hasOwn(before, field)))
      throw (members.computed.has(field) ? computedWritten : undeclared)(id, field, lines?.of(field))
}

const computedWritten = (id: string, field: string, cause: Error | undefined) =>
  new HeldStateError(
    'not-a-field',
    `"${field}" of state "${id}" is a computed value and cannot be written. Change the fields that it is computed from.`,
    { cause },
  )

const undeclared = (id: string, field: string, cause: Error | undefined) =>
  new HeldStateError(
    'undeclared-field',
    `"${field}" is not a field of state "${id}". Declare it with a first value in defineState(...) or .private(...); undefined works.`,
    { cause },
  )
