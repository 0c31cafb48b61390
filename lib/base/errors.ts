/**
 * Every failure that heldstate can name. A failure is data: it has a code that programs branch on and a message that a
 * person can act on. The same class carries it on the server, over the wire (code and message only) and in the tab.
 */

import type { Issue } from './issues.js'

export const errorCodes = [
  'already-running',
  'called-while-rendering',
  'client-only',
  'connection-lost',
  'duplicate-id',
  'duplicate-member',
  'event-timeout',
  'handler-failed',
  'hub-closed',
  'immutable-state',
  'inbox-full',
  'interrupted',
  'invalid-arguments',
  'invalid-definition',
  'invalid-message',
  'invalid-reply',
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
  'no-cookie',
  'not-a-field',
  'not-callable',
  'offline',
  'origin-not-allowed',
  'other-app',
  'payload-too-large',
  'port-unavailable',
  'protocol-version',
  'registry-unreachable',
  'save-failed',
  'stale-write',
  'state-lost',
  'state-too-large',
  'static-export',
  'store-full',
  'store-misconfigured',
  'store-not-writable',
  'store-unreachable',
  'task-cancelled',
  'task-failed',
  'task-timeout',
  'too-many-connections',
  'too-many-handshakes',
  'too-many-states',
  'too-many-tabs',
  'too-many-tasks',
  'undeclared-field',
  'unknown-address',
  'unknown-definition',
  'unknown-member',
  'unknown-run',
  'unknown-tab',
  'unknown-token',
  'version-mismatch',
  'weak-secret',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export type { Issue }

/** What of a failure may cross the wire: no cause, and no stack in production. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly issues?: readonly Issue[] | undefined
  /** In development alone: the author's lines that it came from. */
  readonly stack?: string
  /** In development alone: what was thrown, where a visitor reads other words. */
  readonly original?: string
}

const brand: unique symbol = Symbol.for('heldstate.error') as never

/** A failure of heldstate. Branch on `code`, which is stable over releases; show `message`. */
export class HeldStateError extends Error {
  readonly code: ErrorCode
  /** What a schema refused, by field. */
  declare readonly issues?: readonly Issue[]
  /** Milliseconds after which another attempt may succeed. */
  declare readonly afterMs?: number
  /** In development, the path of the docs page of this code; a terminal prints it with the error. */
  declare readonly docs?: string
  readonly [brand] = true

  constructor(
    code: ErrorCode,
    message: string,
    options?: ErrorOptions & Pick<Failure, 'issues'> & { readonly afterMs?: number },
  ) {
    super(message, options)
    this.name = 'HeldStateError'
    this.code = code
    if (options?.issues) this.issues = options.issues
    if (options?.afterMs !== undefined) this.afterMs = options.afterMs
    if (process.env.NODE_ENV === 'development') this.docs = `node_modules/heldstate/docs/errors/${code}.md`
  }

  /** Server bundles and the hub may each hold a copy of this class, so identity goes by a brand. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isHeldStateError(value)
  }
}

/** A write outside a lock: to `self.state`, to a draft after its block has ended, to a snapshot. */
export class ImmutableStateError extends HeldStateError {
  constructor(message: string, options?: ErrorOptions) {
    super('immutable-state', message, options)
    this.name = 'ImmutableStateError'
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isHeldStateError(value) && value.code === 'immutable-state'
  }
}

export function isHeldStateError(value: unknown): value is HeldStateError {
  return typeof value === 'object' && value !== null && brand in value
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(value)
}

export function fromFailure(failure: Failure): HeldStateError {
  const { code, message, stack, original, issues } = failure
  const error =
    code === 'immutable-state' ? new ImmutableStateError(message) : new HeldStateError(code, message, { issues })
  if (process.env.NODE_ENV !== 'production' && original !== undefined) error.cause = originalError(failure)
  if (stack !== undefined) error.stack = `${error.name}: ${message}\n${stack}`
  return error
}

/** For the author, who sees it in Next's overlay below the words for visitors, and in tests. */
function originalError({ message, stack, original }: Failure): Error {
  const error = new Error(`${original}\n\nVisitors will read "${message}" instead. To tell them more, throw a Refusal.`)
  if (stack !== undefined) error.stack = `Error: ${original}\n${stack}`
  return error
}

/** Of anything that can be thrown, even what has no text. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'a value that cannot be converted to a string was thrown'
  }
}
