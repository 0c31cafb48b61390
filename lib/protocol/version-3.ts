/**
 * Pages of protocol 3, which knew one state for each connection. What they say is read as what a page of this version would say, and what the hub says is
 * written as they read it. They speak it until their calls have settled.
 */
import type { Json } from '../base/encode.js'
import { ownAddress } from './own-address.js'
import { protocolVersion } from './version.js'

const version = 3

export const isVersion3 = (greeting: unknown): greeting is Readonly<Record<string, unknown>> =>
  typeof greeting === 'object' && greeting !== null && (greeting as { version?: unknown }).version === version

/** The hello of such a page, as one of this version. */
export function helloOf3({ watch, heard, ...hello }: Readonly<Record<string, unknown>>): unknown {
  return { ...hello, version: protocolVersion, lastSeq: heard, subscriptions: [[0, ownAddress, watch]] }
}

/** A message of such a page, or a batch of them, as one of this version. */
export function upOf3(name: unknown, args: readonly unknown[]): readonly [name: unknown, ...args: unknown[]] {
  const [messages] = args
  if (name !== 'batch') return [name, 0, ...args]
  return [name, Array.isArray(messages) ? messages.map((each) => (Array.isArray(each) ? one(each) : each)) : messages]
}

const one = ([name, ...args]: readonly unknown[]) => [name, 0, ...args]

/** Writes what the hub says to one such page. */
export class Version3 {
  private token = ''
  private number = 0
  private bounds: Json | undefined

  /** `undefined` for what such a page has no use for. */
  write(name: string, args: readonly Json[]): readonly [name: string, ...args: Json[]] | undefined {
    switch (name) {
      case 'hi':
        this.token = args[0] as string
        this.number = args[1] as number
        this.bounds = args[2]
        return undefined
      case 'w': {
        const [, birth = null, revision = 0, views = [], done = 0] = args
        const more = birth === null ? [] : [birth]
        return ['w', this.token, revision, views, done, this.next(), this.bounds ?? null, ...more]
      }
      case 'r': {
        const [, from, by, patches = [], done = 0] = args as [number, number, number, Json, number]
        return ['r', this.token, from, from + by, patches, done, this.next(), ...(this.bounds ? [this.bounds] : [])]
      }
      case 'd': {
        const [, from, by, patches, settled, ...done] = args[0] as [number, number, number, Json, Json[][] | undefined]
        const ends = settled === undefined ? [] : [settled.map(withKnownCode)]
        this.next()
        return ['d', from, from + by, patches, ...ends, ...done]
      }
      case 'f':
        return ['f', ...knownFailure(args.slice(1))]
      case 'bye':
        return byeTo3([name, ...args])
      case 's':
        return ['s', ...args]
      default:
        return undefined
    }
  }

  private next(): number {
    this.number += 1
    return this.number
  }
}

/** The farewell to such a page whose hello is refused. */
export const byeTo3 = ([name, code, message, ...more]: readonly [string, ...Json[]]): [string, ...Json[]] => [
  name,
  ...knownFailure([code as Json, message as Json]),
  ...more,
]

/** Such a page has no use for a reply. */
const withKnownCode = ([id, ...failure]: readonly Json[]): Json =>
  failure.length === 0 || failure[0] === 0 ? [id as Json] : [id as Json, ...knownFailure(failure)]

/** Such a page cannot read a failure whose code it does not know, or one without a stack and with more, and its call would never settle. */
const knownFailure = ([code, message, issues, stack]: readonly Json[]): Json[] => [
  knownCodes.has(code) ? (code as Json) : (nearest[String(code)] ?? 'handler-failed'),
  message as Json,
  ...(issues === undefined ? [] : [issues]),
  ...(typeof stack === 'string' ? [stack] : []),
]

/** The codes that such a page knows. */
const knownCodes: ReadonlySet<unknown> = new Set([
  'already-running',
  'called-directly',
  'called-while-rendering',
  'cannot-listen',
  'cannot-store',
  'connection-lost',
  'duplicate-id',
  'duplicate-member',
  'foreign-origin',
  'handler-failed',
  'hub-closed',
  'immutable-state',
  'inbox-full',
  'interrupted',
  'invalid-arguments',
  'invalid-definition',
  'invalid-message',
  'invalid-token',
  'invalid-trigger',
  'invalid-value',
  'load-failed',
  'lock-queue-full',
  'lock-timeout',
  'missing-hub',
  'missing-plugin',
  'missing-secret',
  'nested-lock',
  'not-a-field',
  'offline',
  'other-version',
  'payload-too-large',
  'protocol-version',
  'registry-unreachable',
  'save-failed',
  'stale-write',
  'state-lost',
  'store-unreachable',
  'task-cancelled',
  'task-failed',
  'task-timeout',
  'too-many-connections',
  'too-many-tasks',
  'undeclared-field',
  'unfit-store',
  'unknown-definition',
  'unknown-member',
  'unknown-tab',
  'weak-secret',
])

/** The names that such a page has for codes renamed since, and for newer codes the nearest one: it begins with a new state, or comes back later. */
const nearest: Readonly<Record<string, string>> = {
  'no-cookie': 'invalid-token',
  'not-callable': 'called-directly',
  'origin-not-allowed': 'foreign-origin',
  'port-unavailable': 'cannot-listen',
  'store-misconfigured': 'unfit-store',
  'store-not-writable': 'cannot-store',
  'too-many-tabs': 'hub-closed',
  'version-mismatch': 'other-version',
}
