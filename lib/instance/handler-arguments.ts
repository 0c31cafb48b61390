/** The arguments of a call, a trigger or a task that goes on, as its handler gets them. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, isPromise } from '../base/eventually.js'
import type { Watchdog } from '../base/watchdog.js'
import type { EventDeclaration, TaskDeclaration } from '../state/definition.js'
import type { Trigger } from '../state/trigger.js'
import { refused } from './argument-error.js'
import type { Core } from './core.js'
import { Deadline } from './deadline.js'
import { warnOfDropped } from './dropped-fields.js'

export interface ArgumentsCore extends Core {
  readonly clock: Clock
  readonly watchdog: Watchdog
}

/** The arguments for the handler: validated and transformed if the declaration has a schema, else as they came. */
export function argumentsOf(
  core: ArgumentsCore,
  call: Pick<Trigger, 'definition' | 'member' | 'args'>,
  { schema }: EventDeclaration | TaskDeclaration,
): Eventually<readonly unknown[]> {
  if (!schema) return call.args
  return after(validated(core, call, schema), (result) => {
    if (!result.issues) {
      if (process.env.NODE_ENV === 'development') warnOfDropped(core.log, call, schema, result.value)
      return [result.value]
    }
    const cause = new Error(`the arguments of "${call.member}" of state "${call.definition}" are not valid`)
    throw refused(result.issues, cause)
  })
}

function validated(
  core: ArgumentsCore,
  { definition, member, args }: Pick<Trigger, 'definition' | 'member' | 'args'>,
  schema: StandardSchemaV1,
): Eventually<StandardSchemaV1.Result<unknown>> {
  const { limits, watchdog } = core
  let result: Eventually<StandardSchemaV1.Result<unknown>>
  watchdog.enter('The schema of', definition, member)
  try {
    result = schema['~standard'].validate(args[0]) as typeof result
  } finally {
    watchdog.leave()
  }
  if (!isPromise(result)) return result
  const name = () => `The schema of "${member}" of state "${definition}"`
  return new Deadline(core, limits.eventTimeoutMs, name, late).within(result)
}

export const late = (where: string, ms: number) =>
  new HeldStateError(
    'event-timeout',
    `${where} took longer than its timeout of ${ms} ms and was stopped. Changes that were not shown yet are dropped. ` +
      'Move slow work into a background task.',
  )
