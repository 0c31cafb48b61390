/**
 * Every failure that heldstate can name. A failure is data: it has a code that programs branch on and a message that a
 * person can act on. The same class carries it on the server, over the wire (code and message only) and in the tab.
 */

import type { Issue } from './issues.js'

export const errorCodes = {
  'already-running': 'a task with concurrency "single" was started while it runs',
  'called-directly': 'a declared event or task was called like a function',
  'called-while-rendering': 'an event or a task was called while a component rendered',
  'cannot-listen': 'the server could not open its port',
  'cannot-store': 'the folder in which state is kept cannot be written',
  'connection-lost': 'the connection ended before the hub answered; the effect is unknown',
  'duplicate-id': 'two definitions have the same id',
  'duplicate-member': 'two members of a definition have the same name',
  'event-timeout': 'an event or another change took longer than it may',
  'foreign-origin': 'a page of another site tried to connect',
  'handler-failed': 'an event handler threw',
  'hub-closed': 'the hub is shutting down',
  interrupted: 'the server ended while a task ran, or an event that had shown a part of its change',
  'immutable-state': 'state was written outside a lock',
  'inbox-full': 'a tab has too many calls waiting',
  'invalid-arguments': 'the arguments of a call were refused by their schema',
  'invalid-definition': 'a definition was declared in a way that cannot work',
  'invalid-message': 'a message does not follow the protocol',
  'invalid-token': 'a token is malformed or belongs to another browser',
  'invalid-trigger': 'a handler returned or yielded something that is not a trigger',
  'invalid-value': 'a value cannot live in state',
  'load-failed': 'the store could not load the state of a token',
  'lock-queue-full': 'too many waiters for the lock of one token',
  'lock-timeout': 'the lock of a token was not free in time',
  'missing-hub': 'server code asked for the hub, but none runs in this process',
  'missing-plugin': 'a state module reached the tab without the heldstate plugin',
  'missing-secret': 'processes that share state were given no secret to share',
  'nested-lock': 'a lock was requested inside a block that already holds it',
  'not-a-field': 'a computed value was read or written where there are only fields',
  offline: 'the tab is not connected and the call cannot wait',
  'other-version': 'another version of heldstate made the hub of this process',
  'payload-too-large': 'a message is larger than the bound',
  'protocol-version': 'the tab and the hub speak different versions of the protocol',
  'registry-unreachable': 'the route that loads the state modules does not answer',
  'save-failed': 'the store could not save a change',
  'state-too-large': 'a change would have made the state of a tab larger than its bound',
  'state-lost': 'the server does not have the state of this tab any more',
  'stale-write': 'the store holds a newer revision than the one a change was made from',
  'store-unreachable': 'the store does not answer',
  'task-cancelled': 'the task was cancelled',
  'task-failed': 'a background task threw',
  'task-timeout': 'a background task took longer than its author allows',
  'too-many-connections': 'the hub has as many connections as its bound allows',
  'too-many-handshakes': 'an address asks for connections faster than its bound allows',
  'too-many-states': 'a tab watches as many states as its bound allows',
  'too-many-tabs': 'an address opened new tabs faster than the bound allows',
  'too-many-tasks': 'a tab, a browser or the server runs as many tasks as its bound allows',
  'undeclared-field': 'a field was written that its definition does not declare',
  'unfit-store': 'the store cannot be used as it is set up',
  'unknown-definition': 'no state with this id is defined',
  'unknown-member': 'a definition has no event or task of this name',
  'unknown-tab': 'the request does not tell which tab it comes from',
  'weak-secret': 'a secret is so short that it could be guessed',
} as const

export type ErrorCode = keyof typeof errorCodes

export type { Issue }

/** What of a failure may cross the wire: no cause, and no stack in production. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly issues?: readonly Issue[] | undefined
  /** In development alone: the author's lines that it came from. */
  readonly stack?: string
}

const brand: unique symbol = Symbol.for('heldstate.error') as never

/** A failure of heldstate. `code` is stable across releases; `message` is for people and is not. */
export class HeldStateError extends Error {
  readonly code: ErrorCode
  /** Of arguments that their schema refused: what is wrong, and where. */
  declare readonly issues?: readonly Issue[]
  /** Milliseconds after which it may go well. */
  declare readonly afterMs?: number
  /** In development, where the page about this code lies: it shows in a terminal beside the code. */
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
  return typeof value === 'string' && Object.hasOwn(errorCodes, value)
}

export function fromFailure(failure: Failure): HeldStateError {
  const { code, message, stack } = failure
  const error =
    code === 'immutable-state'
      ? new ImmutableStateError(message)
      : new HeldStateError(code, message, { issues: failure.issues })
  if (stack !== undefined) error.stack = `${error.name}: ${message}\n${stack}`
  return error
}

/** Of anything that can be thrown, even what has no text. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'a value without a text was thrown'
  }
}
