/**
 * What the hub may say. A hi opens a connection; a welcome opens or resets the mirror of a subscription, or what a page missed resumes it; a delta carries
 * them on and settles calls; a failure says what was wrong with a message that had no call id; a farewell says why the hub closes the connection.
 *
 * On the wire each is a name and a list of arguments. The names of the frequent ones are short. Welcomes, resumes and deltas count: a page that comes back
 * names the last that it heard. The number itself is not sent, so that one text can be the same for many pages.
 */
import { decode, encodeView, type Json } from '../base/encode.js'
import type { Failure } from '../base/errors.js'
import type { Patch } from '../delta/patch.js'
import { type PageBounds, readBounds } from './bounds.js'
import type { WirePatch } from './continued-text.js'
import { readFailure, writeFailure } from './failures.js'
import { count, list, malformed, text } from './from-hub.js'
import { readPatch, writePatch } from './patches.js'

/** How one call settled: its id, a failure if it failed, and what it replied if it did. */
export interface Settlement {
  readonly id: number
  readonly failure?: Failure
  /** Encoded: the text that is remembered with the call. */
  readonly reply?: Json | undefined
}

/** The first message over a connection. */
export interface Hi {
  readonly type: 'hi'
  /** Signed; names this tab's state at the next connection. */
  readonly token: string
  /** Of the message before the first that counts. */
  readonly seq: number
  /** Bounds that are not the usual ones, if there are any. */
  readonly bounds?: Partial<PageBounds> | undefined
}

export interface Welcome {
  readonly type: 'welcome'
  readonly subscription: number
  /** Of the state: one that was lost and began again has another. None where nothing was ever kept. */
  readonly birth: string | undefined
  readonly revision: number
  /** One view for each watched state, in the order of the watch. */
  readonly views: readonly unknown[]
  /** Calls of this page up to this one have settled: their effect is in the views. */
  readonly lastCallId: number
}

/** What a page missed that was here before. */
export interface Resumed {
  readonly type: 'resumed'
  readonly subscription: number
  /** The revision a mirror must have to take this, and the one it makes of it. */
  readonly from: number
  readonly to: number
  /** The first key of a path is the position of the state in the watch. */
  readonly patches: readonly Patch[]
  readonly lastCallId: number
}

/** What changed for one subscription. */
export interface Change {
  readonly subscription: number
  readonly from: number
  readonly to: number
  readonly patches: readonly WirePatch[]
  readonly settled: readonly Settlement[]
  /** As in a welcome, where it is not plain from what is settled: a call has shown its effect and settles later. */
  readonly lastCallId?: number | undefined
}

/** What changed within one turn, for all subscriptions: a page shows it at once. */
export interface Delta {
  readonly type: 'delta'
  readonly changes: readonly Change[]
}

/** A message was wrong, or something failed that no call of the page waits for. */
export interface Fault {
  readonly type: 'failure'
  readonly subscription: number
  readonly failure: Failure
}

/** A subscription is closed, or was refused: its number is used up. */
export interface Closed {
  readonly type: 'closed'
  readonly subscription: number
  readonly failure: Failure
}

export interface Farewell {
  readonly type: 'farewell'
  readonly failure: Failure
  /** Milliseconds over which pages spread their return, so that the next hub is not met by all of them at once. */
  readonly spreadMs?: number
}

/** The server cannot reach what it keeps state in, and changes wait; or it can again. */
export interface Stalled {
  readonly type: 'stalled'
  readonly stalled: boolean
}

export type Down = Hi | Welcome | Resumed | Delta | Fault | Closed | Stalled | Farewell

/** The name and arguments of a message, fit for JSON. */
export function writeDown(message: Down): readonly [name: string, ...args: Json[]] {
  switch (message.type) {
    case 'delta':
      return ['d', ...message.changes.map(writeChange)]
    case 'hi':
      return ['hi', message.token, message.seq, ...(message.bounds ? [{ ...message.bounds }] : [])]
    case 'welcome': {
      const { subscription, birth, revision, views, lastCallId } = message
      return ['w', subscription, birth ?? null, revision, views.map(encodeView), lastCallId]
    }
    case 'resumed': {
      const { subscription, from, to, patches, lastCallId } = message
      return ['r', subscription, from, to - from, patches.map(writePatch), lastCallId]
    }
    case 'failure':
      return ['f', message.subscription, ...writeFailure(message.failure)]
    case 'closed':
      return ['closed', message.subscription, ...writeFailure(message.failure)]
    case 'stalled':
      return ['s', message.stalled ? 1 : 0]
    case 'farewell':
      return ['bye', message.failure.code, message.failure.message, ...(message.spreadMs ? [message.spreadMs] : [])]
  }
}

function writeChange({ subscription, from, to, patches, settled, lastCallId }: Change): Json {
  const written: Json[] = [subscription, from, to - from, patches.map(writeWirePatch)]
  if (settled.length > 0 || lastCallId !== undefined) written.push(settled.map(writeSettlement))
  if (lastCallId !== undefined) written.push(lastCallId)
  return written
}

/** Reads what `writeDown` wrote; anything else throws `invalid-message`. */
export function parseDown(name: unknown, args: readonly unknown[]): Down {
  switch (name) {
    case 'd':
      return { type: 'delta', changes: args.map(readChange) }
    case 'hi':
      return {
        type: 'hi',
        token: text(args[0]),
        seq: count(args[1]),
        ...(args[2] === undefined ? {} : { bounds: readBounds(args[2]) }),
      }
    case 'w':
      return {
        type: 'welcome',
        subscription: count(args[0]),
        birth: args[1] === null ? undefined : text(args[1]),
        revision: count(args[2]),
        views: list(args[3]).map(decode),
        lastCallId: count(args[4]),
      }
    case 'r':
      return { type: 'resumed', ...stepIn(args), patches: list(args[3]).map(readPatch), lastCallId: count(args[4]) }
    case 'f':
    case 'closed':
      return {
        type: name === 'f' ? 'failure' : 'closed',
        subscription: count(args[0]),
        failure: readFailure(args[1], args[2], ...args.slice(3)),
      }
    case 's':
      return { type: 'stalled', stalled: args[0] === 1 }
    case 'bye':
      return {
        type: 'farewell',
        failure: readFailure(args[0], args[1]),
        ...(args[2] === undefined ? {} : { spreadMs: count(args[2]) }),
      }
    default:
      throw malformed(`unknown message ${JSON.stringify(name)}`)
  }
}

/** Whether a message counts, also where it cannot be read. */
export const isCounted = (name: unknown): boolean => name === 'd' || name === 'w' || name === 'r'

function readChange(value: unknown): Change {
  const given = list(value)
  return {
    ...stepIn(given),
    patches: list(given[3]).map(readWirePatch),
    settled: given[4] === undefined ? [] : list(given[4]).map(readSettlement),
    ...(given[5] === undefined ? {} : { lastCallId: count(given[5]) }),
  }
}

function stepIn([subscription, given, by]: readonly unknown[]) {
  const from = count(given)
  return { subscription: count(subscription), from, to: from + count(by) }
}

const writeWirePatch = (patch: WirePatch): Json => (typeof patch === 'string' ? patch : writePatch(patch))

const readWirePatch = (value: unknown): WirePatch => (typeof value === 'string' ? value : readPatch(value))

function writeSettlement({ id, failure, reply }: Settlement): Json {
  if (failure) return [id, ...writeFailure(failure)]
  return reply === undefined ? [id] : [id, 0, reply]
}

function readSettlement(value: unknown): Settlement {
  const [id, code, message, ...more] = list(value)
  if (code === undefined) return { id: count(id) }
  if (code === 0) return { id: count(id), reply: message as Json }
  return { id: count(id), failure: readFailure(code, message, ...more) }
}
