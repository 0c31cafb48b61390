/**
 * What a tab may say. A tab says hello when a connection opens; then it calls events and tasks, cancels tasks, watches
 * further states, and asks for a resync when a delta did not fit.
 *
 * On the wire each message is a name and a list of arguments, here given as a tuple that starts with the name. Everything
 * comes from outside, so `parseUp` takes `unknown`.
 */
import { decode, isWrapped } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import { serverLimits } from '../base/server-limits.js'
import { cut } from '../base/text.js'
import { excessOf, sizeOf } from '../base/value.js'
import { protocolVersion } from './version.js'

export interface Hello {
  readonly version: number
  /** The signed token that an earlier welcome gave; a new tab has none. */
  readonly token: string | undefined
  /** The signed token of the tab of which this new one is a duplicate. */
  readonly copyOf: string | undefined
  /** A random id of 32 hexadecimal digits, new with each load of the page: the ids of its calls count from it. */
  readonly page: string
  /** The number of the last welcome or delta that reached this page; none at its first connection. */
  readonly heard: number | undefined
  /** Ids of the states that the tab watches, in an order that deltas refer to by position. */
  readonly watch: readonly string[]
  /** Names the app that the page was built for; low-level clients need not say it. */
  readonly app?: string
  /** The tab watches more states than the bound: those behind it are left out. */
  readonly leavesOut: boolean
}

export type Up =
  /** Runs an event or starts a task. Answered by a settlement with the same id. */
  | {
      readonly type: 'call'
      readonly id: number
      readonly definition: string
      readonly member: string
      readonly args: readonly unknown[]
    }
  /** Cancels all running copies of a task. Answered like a call. */
  | { readonly type: 'cancel'; readonly id: number; readonly definition: string; readonly task: string }
  /** Adds one state to those that are watched. Answered by a delta that sets it, or like a call if it fails. */
  | { readonly type: 'watch'; readonly id: number; readonly definition: string }
  /** The mirror does not fit any more. Answered by a welcome. */
  | { readonly type: 'resync' }

/** `own` names the app of the hub, once that is known. */
export function parseHello(value: unknown, limits: Limits, own?: string): Hello {
  if (typeof value !== 'object' || value === null) throw malformed('hello: expected an object')
  const { version, token, copyOf, page, heard, watch, app } = value as Record<string, unknown>
  if (version !== protocolVersion)
    throw new HeldStateError(
      'protocol-version',
      `The page speaks version ${describe(version)} of the heldstate protocol, the server version ${protocolVersion}. Reload the page.`,
    )
  if (app !== undefined && !isName(app)) throw malformed('hello: expected a name of the app')
  const other = otherApp(app, own) // first: its token was signed by another hub
  if (other) throw other
  if (token !== undefined && typeof token !== 'string')
    throw new HeldStateError('invalid-token', 'The token is no text.')
  if (copyOf !== undefined && typeof copyOf !== 'string') throw malformed('hello: expected a token as the one to copy')
  if (typeof page !== 'string' || !/^[0-9a-f]{32}$/.test(page)) throw malformed('hello: expected the id of the page')
  if (heard !== undefined && !isCount(heard)) throw malformed('hello: expected a number of the last message heard')
  if (!Array.isArray(watch)) throw malformed('hello: expected a list of ids of states to watch')
  const watched = watch.slice(0, limits.watchedStates)
  if (!watched.every(isName)) throw malformed('hello: expected a list of ids of states to watch')
  if (new Set(watched).size < watched.length) throw malformed('hello: expected each state to be watched once')
  const leavesOut = watched.length < watch.length
  return {
    version: protocolVersion,
    token,
    copyOf,
    page,
    heard,
    watch: watched,
    leavesOut,
    ...(app !== undefined && { app }),
  }
}

/** The failure of a page of one app that has come to the hub of another. */
export function otherApp(app: string | undefined, own: string | undefined): HeldStateError | undefined {
  if (app === undefined || own === undefined || app === own) return undefined
  const zone = app.split('#', 1)[0]
  const mend =
    zone === own.split('#', 1)[0]
      ? 'Both are served at that path. Give one of them a basePath, or a zone: withHeldState({ … }, { zone: "/shop" }).'
      : `Let the proxy hand on what is asked for at ${zone === '/' ? '' : zone}/_heldstate to the server of that app.`
  return new HeldStateError(
    'other-app',
    `This page belongs to the app at ${cut(zone ?? '', 80)} and has reached the hub of another one, at ${own.split('#', 1)[0]}. ${mend}`,
  )
}

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
        id: callId(given[0]),
        definition: text(given[1], 'definition'),
        member: text(given[2], 'member'),
        args: callArguments(given[3], limits),
      }
    case 'cancel':
      return {
        type: 'cancel',
        id: callId(given[0]),
        definition: text(given[1], 'definition'),
        task: text(given[2], 'task'),
      }
    case 'watch':
      return { type: 'watch', id: callId(given[0]), definition: text(given[1], 'definition') }
    case 'resync':
      return { type: 'resync' }
    default:
      throw malformed(`unknown message ${describe(name)}; known are call, cancel, watch and resync`)
  }
}

/** The id of a call, if a message that could not be parsed has one: so that even then its caller hears of it. */
export function callIdOf(given: readonly unknown[]): number | undefined {
  return isCount(given[0]) ? given[0] : undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function callId(value: unknown): number {
  const id = callIdOf([value])
  if (id === undefined) throw malformed(`expected a whole number as the id of the call, got ${describe(value)}`)
  return id
}

function text(value: unknown, what: string): string {
  if (isName(value)) return value
  throw malformed(`expected the ${what} as text of at most ${serverLimits.nameText} characters, got ${describe(value)}`)
}

/** Names are kept, compared, logged and echoed. */
const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= serverLimits.nameText

function callArguments(value: unknown, limits: Limits): readonly unknown[] {
  if (value === undefined) return []
  const args = decode(value)
  if (isWrapped(value) && sizeOf(args, limits.messageBytes) > limits.messageBytes)
    throw new HeldStateError(
      'payload-too-large',
      `The arguments stand for more than the bound "messageBytes", ${limits.messageBytes}. Send large data to a route handler.`,
    )
  if (!Array.isArray(args)) throw malformed(`expected a list of arguments, got ${describe(value)}`)
  if (args.length > limits.callArguments)
    throw malformed(`a call takes at most ${limits.callArguments} arguments, got ${args.length}`)
  const excess = excessOf(args, serverLimits.argumentKeys)
  if (excess === 'depth') throw new HeldStateError('invalid-arguments', 'The arguments are nested too deep.')
  if (excess === 'keys')
    throw new HeldStateError(
      'invalid-arguments',
      `An object in the arguments has more than ${serverLimits.argumentKeys} keys. Use a list or a Map for so many.`,
    )
  return args // what no state can hold, `decode` has refused
}

const malformed = (message: string) => new HeldStateError('invalid-message', `Malformed message: ${message}.`)

/** A short word for a value that may be huge, deep or hostile. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, 80))
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}
