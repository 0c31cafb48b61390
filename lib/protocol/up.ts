/**
 * What a page may say. It says hello when a connection opens; then it calls events and tasks, cancels tasks, waits for their runs, watches further states,
 * opens and closes subscriptions, and asks for a resync when a delta did not fit.
 *
 * On the wire each message is a name and a list of arguments, here given as a tuple that starts with the name. Everything
 * comes from outside, so `parseUp` takes `unknown`. `written-up.ts` has the types by which a page writes them.
 */
import { decode, isWrapped } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import { handlerLimits } from '../base/server-limits.js'
import { excessOf, sizeOf } from '../base/value.js'
import { type Opening, opening } from './opening.js'
import { count, describe, isCount, malformed, name as nameIn } from './reading.js'

/** Names a call: `former` is the position of the page that made it among the formers of the hello; none for the page itself. */
interface CallOf {
  readonly subscription: number
  readonly id: number
  readonly former?: number
}

export type Up =
  /** Runs an event or starts a task. Answered by a settlement with the same id. */
  | (CallOf & {
      readonly type: 'call'
      readonly definition: string
      readonly member: string
      readonly args: readonly unknown[]
    })
  /** Cancels the run with this id, or all running copies of a task. Answered like a call. */
  | (CallOf & { readonly type: 'cancel'; readonly definition: string; readonly task: string; readonly run?: string })
  /** Waits until a run finishes. Answered by a settlement with what the run replied, or with its failure. */
  | {
      readonly type: 'wait'
      readonly subscription: number
      readonly id: number
      readonly definition: string
      readonly task: string
      /** The id of the run, or that of the call of this page which has started it. */
      readonly run: string | number
    }
  /** Adds one state to those that are watched. Answered by a delta that sets it, or like a call if it fails. */
  | {
      readonly type: 'watch'
      readonly subscription: number
      readonly id: number
      readonly definition: string
      /** The position under which the page will have it; one of an older protocol does not say. */
      readonly position?: number
    }
  /** The mirror of a subscription does not fit any more. Answered by a welcome. */
  | { readonly type: 'resync'; readonly subscription: number }
  /** One more subscription. Answered by a welcome, or by `closed`. */
  | ({ readonly type: 'open' } & Opening)
  /** Closes a subscription. */
  | { readonly type: 'close'; readonly subscription: number }
  /** The number of the last message that the page heard: what is kept for a resume from an earlier one may be forgotten. */
  | { readonly type: 'heard'; readonly seq: number }

/** What is said about one subscription. */
export type SubscriptionUp = Extract<Up, { readonly type: 'call' | 'cancel' | 'wait' | 'watch' | 'resync' }>

/** One message as it stands in a batch: its name and its arguments. */
export type Written = readonly [name: unknown, ...args: unknown[]]

/**
 * The messages in what came: itself, or those of a batch. A tab sends what one synchronous stretch of its code said as one
 * `batch`, because the number of messages is the cost.
 */
export function unpack(name: unknown, given: readonly unknown[], limits: Limits): readonly Written[] {
  if (name !== 'batch') return [[name, ...given]]
  const [messages] = given
  if (!Array.isArray(messages) || messages.length > limits.callsPerTab || !messages.every(Array.isArray))
    throw malformed(`batch: expected a list of at most ${limits.callsPerTab} messages`)
  return messages as unknown[] as Written[]
}

export function parseUp(name: unknown, given: readonly unknown[], limits: Limits): Up {
  switch (name) {
    case 'call':
      return {
        type: 'call',
        ...callOf(given[0], given[1], given[5]),
        definition: nameIn(given[2], 'definition'),
        member: nameIn(given[3], 'member'),
        args: callArguments(given[4], limits),
      }
    case 'cancel':
      return {
        type: 'cancel',
        ...callOf(given[0], given[1], given[5]),
        definition: nameIn(given[2], 'definition'),
        task: nameIn(given[3], 'task'),
        ...(given[4] !== undefined && given[4] !== null && { run: nameIn(given[4], 'run') }),
      }
    case 'wait':
      return {
        type: 'wait',
        ...callOf(given[0], given[1]),
        definition: nameIn(given[2], 'definition'),
        task: nameIn(given[3], 'task'),
        run: typeof given[4] === 'number' ? count(given[4], 'the id of a call') : nameIn(given[4], 'run'),
      }
    case 'watch':
      return {
        type: 'watch',
        ...callOf(given[0], given[1]),
        definition: nameIn(given[2], 'definition'),
        ...(given[3] !== undefined && { position: count(given[3], 'the position of a state') }),
      }
    case 'resync':
    case 'close':
      return { type: name, subscription: count(given[0], 'the number of a subscription') }
    case 'open':
      return { type: 'open', ...opening(given, limits) }
    case 'heard':
      return { type: 'heard', seq: count(given[0], 'the number of a message') }
    default:
      throw malformed(
        `unknown message ${describe(name)}; known are call, cancel, wait, watch, resync, open, close and heard`,
      )
  }
}

const withoutId: ReadonlySet<unknown> = new Set(['resync', 'open', 'close', 'heard'])

/** The subscription and the id of a call, if a message that could not be parsed has them: so that even then its caller hears of it. */
export function callIdOf(name: unknown, given: readonly unknown[]): { subscription?: number; id?: number } {
  const [subscription, id] = withoutId.has(name) ? [] : given
  return { ...(isCount(subscription) && { subscription, ...(isCount(id) && { id }) }) }
}

function callOf(subscription: unknown, id: unknown, former?: unknown): CallOf {
  const names = {
    subscription: count(subscription, 'the number of a subscription'),
    id: count(id, 'the id of the call'),
  }
  if (former === undefined) return names
  const position = count(former, 'the position of a former page')
  return { ...names, former: position }
}

function callArguments(value: unknown, limits: Limits): readonly unknown[] {
  if (value === undefined) return []
  const args = decode(value)
  if (isWrapped(value) && sizeOf(args, limits.messageBytes) > limits.messageBytes)
    throw new HeldStateError(
      'payload-too-large',
      `The arguments expand to more than the limit "messageBytes", ${limits.messageBytes}. Send large data to a route handler.`,
    )
  if (!Array.isArray(args)) throw malformed(`expected a list of arguments, got ${describe(value)}`)
  if (args.length > limits.callArguments)
    throw malformed(`a call takes at most ${limits.callArguments} arguments, got ${args.length}`)
  const excess = excessOf(args, handlerLimits.argumentKeys)
  if (excess === 'depth') throw new HeldStateError('invalid-arguments', 'The arguments are nested too deeply.')
  if (excess === 'keys')
    throw new HeldStateError(
      'invalid-arguments',
      `An object in the arguments has more than ${handlerLimits.argumentKeys} keys. Use a list or a Map.`,
    )
  return args // what no state can hold, `decode` has refused
}
