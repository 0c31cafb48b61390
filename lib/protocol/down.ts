/**
 * What the hub may say. A welcome opens or resets the mirror, or what a page missed resumes it; deltas carry it on and settle calls; a failure says what
 * was wrong with a message that had no call id; a farewell says why the hub ends the connection.
 *
 * On the wire each is a name and a list of arguments. The names of the frequent ones are short.
 */
import { decode, encode, encodeView, type Json } from '../base/encode.js'
import { type Failure, HeldStateError, type Issue, isErrorCode } from '../base/errors.js'
import { boundedIssues } from '../base/issues.js'
import type { Key, Patch } from '../delta/patch.js'
import { type PageBounds, readBounds } from './bounds.js'

/** How one call ended: its id, and a failure if it failed. */
export interface Settlement {
  readonly id: number
  readonly failure?: Failure
}

export interface Welcome {
  readonly type: 'welcome'
  /** Signed; names this tab's state at the next connection. */
  readonly token: string
  readonly revision: number
  /** One view for each watched state, in the order of the watch. */
  readonly views: readonly unknown[]
  /** Calls of this page up to this one have ended: their effect is in the views. */
  readonly done: number
  /** Of this message. Each delta counts one further; a page that comes back names the last it heard. */
  readonly number: number
  /** Bounds that are not the usual ones, if there are any. */
  readonly bounds?: Partial<PageBounds> | undefined
  /** Of the state: one that was lost and began again has another. It holds for the connection, or until the next welcome. */
  readonly birth?: string | undefined
}

/** Opens a connection of a page that was here before: what it missed. */
export interface Resumed {
  readonly type: 'resumed'
  readonly token: string
  readonly from: number
  readonly to: number
  readonly patches: readonly Patch[]
  readonly done: number
  readonly number: number
  readonly bounds?: Partial<PageBounds> | undefined
}

export interface Delta {
  readonly type: 'delta'
  /** The revision a mirror must have to take this delta, and the one it makes of it. */
  readonly from: number
  readonly to: number
  /** The first key of a path is the position of the state in the watch. */
  readonly patches: readonly Patch[]
  readonly settled: readonly Settlement[]
  /** As in a welcome, where it is not plain from what is settled: a call has shown its effect and settles later. */
  readonly done?: number | undefined
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

export type Down =
  | Welcome
  | Resumed
  | Delta
  | { readonly type: 'failure'; readonly failure: Failure }
  | Stalled
  | Farewell

/** The name and arguments of a message, fit for JSON. */
export function writeDown(message: Down): readonly [name: string, ...args: Json[]] {
  switch (message.type) {
    case 'delta': {
      const { from, to, patches, settled, done } = message
      const written: [string, ...Json[]] = ['d', from, to, patches.map(writePatch)]
      if (settled.length > 0 || done !== undefined) written.push(settled.map(writeSettlement))
      if (done !== undefined) written.push(done)
      return written
    }
    case 'welcome':
      return [
        'w',
        message.token,
        message.revision,
        message.views.map(encodeView),
        message.done,
        message.number,
        ...(message.bounds || message.birth !== undefined ? [message.bounds ? { ...message.bounds } : null] : []),
        ...(message.birth === undefined ? [] : [message.birth]),
      ]
    case 'resumed':
      return [
        'r',
        message.token,
        message.from,
        message.to,
        message.patches.map(writePatch),
        message.done,
        message.number,
        ...(message.bounds ? [{ ...message.bounds }] : []),
      ]
    case 'failure':
      return ['f', ...writeFailure(message.failure)]
    case 'stalled':
      return ['s', message.stalled ? 1 : 0]
    case 'farewell':
      return ['bye', message.failure.code, message.failure.message, ...(message.spreadMs ? [message.spreadMs] : [])]
  }
}

/** Reads what `writeDown` wrote; anything else throws `invalid-message`. */
export function parseDown(name: unknown, args: readonly unknown[]): Down {
  switch (name) {
    case 'd':
      return {
        type: 'delta',
        from: count(args[0]),
        to: count(args[1]),
        patches: list(args[2]).map(readPatch),
        settled: args[3] === undefined ? [] : list(args[3]).map(readSettlement),
        ...(args[4] === undefined ? {} : { done: count(args[4]) }),
      }
    case 'w':
      return {
        type: 'welcome',
        token: text(args[0]),
        revision: count(args[1]),
        views: list(args[2]).map(decode),
        done: count(args[3]),
        number: count(args[4]),
        ...(args[5] === undefined || args[5] === null ? {} : { bounds: readBounds(args[5]) }),
        ...(args[6] === undefined ? {} : { birth: text(args[6]) }),
      }
    case 'r':
      return {
        type: 'resumed',
        token: text(args[0]),
        from: count(args[1]),
        to: count(args[2]),
        patches: list(args[3]).map(readPatch),
        done: count(args[4]),
        number: count(args[5]),
        ...(args[6] === undefined ? {} : { bounds: readBounds(args[6]) }),
      }
    case 'f':
      return { type: 'failure', failure: readFailure(args[0], args[1], args[2], args[3], args[4]) }
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

/** A patch as JSON. */
export function writePatch(patch: Patch): Json {
  const path = patch[0].map(encode)
  if (patch.length === 1) return [path]
  if (patch.length === 2) return [path, encode(patch[1])]
  return [path, patch[1], patch[2], patch[3].map(encode)]
}

/** Reads what `writePatch` wrote. */
export function readPatch(value: unknown): Patch {
  const [path, ...rest] = list(value)
  const keys = list(path).map(decode) as Key[]
  if (rest.length === 0) return [keys]
  if (rest.length === 1) return [keys, decode(rest[0])]
  if (rest.length === 3) return [keys, count(rest[0]), count(rest[1]), list(rest[2]).map(decode)]
  throw malformed('a patch with a wrong number of parts')
}

function writeSettlement({ id, failure }: Settlement): Json {
  return failure ? [id, ...writeFailure(failure)] : [id]
}

const writeFailure = ({ code, message, issues, stack, original }: Failure): Json[] => {
  const written: Json[] = [code, message]
  const hasMore = stack !== undefined || original !== undefined
  if (issues || hasMore) written.push(boundedIssues(issues ?? []).map(({ message, path }) => [message, path]))
  if (hasMore) written.push(stack ?? null)
  if (original !== undefined) written.push(original)
  return written
}

function readSettlement(value: unknown): Settlement {
  const [id, code, message, ...more] = list(value)
  return code === undefined ? { id: count(id) } : { id: count(id), failure: readFailure(code, message, ...more) }
}

function readFailure(code: unknown, message: unknown, issues?: unknown, stack?: unknown, original?: unknown): Failure {
  if (!isErrorCode(code)) throw malformed(`unknown failure ${JSON.stringify(code)}`)
  const read = issues === undefined ? [] : list(issues).map(readIssue)
  return {
    code,
    message: text(message),
    ...(read.length > 0 && { issues: read }),
    ...(typeof stack === 'string' && { stack }),
    ...(original !== undefined && { original: text(original) }),
  }
}

function readIssue(value: unknown): Issue {
  const [message, path] = list(value)
  return { message: text(message), path: list(path).map((key) => (typeof key === 'number' ? key : text(key))) }
}

function count(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw malformed(`expected a whole number, got ${JSON.stringify(value)}`)
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw malformed('expected a list')
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw malformed('expected a text')
}

const malformed = (message: string) =>
  new HeldStateError('invalid-message', `Malformed message from the hub: ${message}.`)
