/** A reply is what a handler gives to its caller: an event returns `reply(value)` for the page that called, and a task its result. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { plainCopy } from '../delta/plain.js'
import { isTrigger, type Trigger, triggersIn } from './trigger.js'

const brand: unique symbol = Symbol.for('heldstate.reply') as never

/** Why it cannot be sent. */
const refusal: unique symbol = Symbol.for('heldstate.reply.refusal') as never

export interface Reply<Value = unknown> {
  readonly [brand]: true
  /** As it was when the reply was made: what changes in the state later does not change it. */
  readonly value: Value
}

/**
 * What an event or a task gives to its caller: `return reply({ id })`. The call of an event resolves with it, on the page that made it; for a task
 * it is the result of the run. It may hold what state may hold; the event or the task fails with `invalid-value` for anything else, with the
 * path of the value.
 */
export function reply<Value>(value: Value): Reply<Value> {
  const made = { [brand]: true as const }
  try {
    return Object.freeze({ ...made, value: plainCopy(value, ['reply']) as Value })
  } catch (error) {
    if (!isHeldStateError(error)) throw error
    return Object.freeze({ ...made, value: undefined as never, [refusal]: error }) // said once the event is known
  }
}

export const isReply = (value: unknown): value is Reply => typeof value === 'object' && value !== null && brand in value

/** What a handler has returned. */
export interface Returned {
  readonly triggers: readonly Trigger[]
  readonly reply: Reply | undefined
}

/** The triggers and the reply in what a handler returned: none, one, or a list. Throws `invalid-trigger` for anything else, `invalid-reply` for two replies. */
export function returnedIn(value: unknown, where: () => string, line?: Error): Returned {
  if (isReply(value)) return { triggers: [], reply: sendable(value, where) }
  if (!Array.isArray(value) || !value.some(isReply))
    return { triggers: triggersIn(value, where, line), reply: undefined }
  const [first, second] = value.filter(isReply)
  if (second)
    throw new HeldStateError(
      'invalid-reply',
      `${where()} returned two replies, but a caller gets one. Combine them: return reply({ id, count }).`,
      { cause: line },
    )
  const others = value.filter((item) => !isReply(item))
  return {
    triggers: others.every(isTrigger) ? others : triggersIn(others, where, line),
    reply: first && sendable(first, where),
  }
}

function sendable(made: Reply, where: () => string): Reply {
  const refused = (made as { [refusal]?: HeldStateError })[refusal]
  if (refused) throw new HeldStateError(refused.code, `${where()}: ${refused.message}`, { cause: refused })
  return made
}
