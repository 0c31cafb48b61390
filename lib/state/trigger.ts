/**
 * A trigger says "then run this": a value that a handler returns or yields, naming a declared event or task and its
 * arguments. Making one starts nothing. It refers by name, so it can name members of a definition this module only knows
 * as a stub.
 */

import { HeldStateError } from '../base/errors.js'

const brand: unique symbol = Symbol.for('heldstate.trigger') as never

export interface Trigger {
  readonly [brand]: true
  readonly definition: string
  readonly member: string
  readonly args: readonly unknown[]
  /** The id of the run that it is cancelled with. */
  readonly parent?: string | undefined
}

/** What a trigger of a task is given after its arguments: `{ with: self }`. */
export interface TriggerOptions {
  /** The `self` of the task that returns or yields it: the task that it starts is cancelled with that one. */
  readonly with: StartingTask
}

/** The `self` of a task. */
export interface StartingTask {
  readonly run: string
  readonly attempt: number
  readonly signal: AbortSignal
  sleep(ms: number): Promise<void>
}

/** Marks the `self` of a task. */
export const selfBrand: unique symbol = Symbol.for('heldstate.self') as never

/** The arguments of a trigger without its options, and the run that the options name. */
export function partsOf(given: readonly unknown[]): { readonly args: readonly unknown[]; readonly parent?: string } {
  const self = (given.at(-1) as Partial<TriggerOptions> | null | undefined)?.with
  const isSelf = typeof self === 'object' && self !== null && selfBrand in self
  return isSelf ? { args: given.slice(0, -1), parent: self.run } : { args: given }
}

/** Bundles hold copies of this library, and the hub is of another one: it listens here. */
const noticed = Symbol.for('heldstate.trigger.noticed')
const realm = globalThis as { [noticed]?: (trigger: Trigger) => void }

/** `notice` hears of each trigger that is made. */
export function noticeTriggers(notice: (trigger: Trigger) => void): void {
  realm[noticed] = notice
}

export function trigger(definition: string, member: string, given: readonly unknown[], run?: string): Trigger {
  const { args, parent = run } = partsOf(given)
  const made = Object.freeze({ [brand]: true as const, definition, member, args, ...(parent && { parent }) })
  if (process.env.NODE_ENV !== 'production') realm[noticed]?.(made)
  return made
}

export function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && brand in value
}

/**
 * The triggers in what a handler returned or yielded: none, one, or a list. Anything else throws `invalid-trigger`, since
 * it would be lost without a word. `where` names the handler, and `line` says where it is.
 */
export function triggersIn(value: unknown, where: () => string, line?: Error): readonly Trigger[] {
  if (value === undefined) return none
  if (isTrigger(value)) return [value]
  if (Array.isArray(value) && value.every(isTrigger)) return value
  throw new HeldStateError(
    'invalid-trigger',
    `${where()} returned or yielded ${describe(value)}. Expected triggers: return count(), or [first(), second()]. ` +
      'To give its caller a value, return reply(value).',
    { cause: line },
  )
}

const none: readonly Trigger[] = []

function describe(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (typeof value === 'function') return 'a function (did you mean to call it?)'
  if (typeof value === 'object' && Symbol.for('heldstate.reply') in value)
    return 'a reply, which a handler can only return at its end'
  return Array.isArray(value) ? 'an array that contains values other than triggers' : `a value of type ${typeof value}`
}

/** Whether a handler returned a generator to run, and not what it has to say. */
export function isIterator(value: unknown): value is AsyncIterator<unknown> | Iterator<unknown> {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function'
}
