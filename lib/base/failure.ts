/** Failures as they leave the server, or are kept there: within bounds, and in words for visitors. */
import type { ErrorCode, Failure, HeldStateError } from './errors.js'
import { boundedIssues } from './issues.js'
import { textLimits } from './limits.js'
import { cut } from './text.js'

/**
 * What a page may learn about `error`. Its message may contain a stranger's words, and it is sent, saved and remembered, so it is cut. In production,
 * messages for operators and developers are replaced by a sentence for visitors; the log has the original.
 */
export function toFailure({ code, message, issues }: HeldStateError): Failure {
  const words = (isForAuthors() ? undefined : (wordsForSecrets.get(code) ?? wordsForPeople.get(code))) ?? message
  return { code, message: cut(words, textLimits.messageText), ...(issues && { issues: boundedIssues(issues) }) }
}

/** Pages are opened by authors alone. A server that does not say so is one for strangers. */
export const isForAuthors = () => process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test'

const wrong = 'Something went wrong on the server.'
/** Of a store that does not answer. */
export const storeAway = 'The server cannot save right now. Try again later.'

export const notLoaded = 'The server could not load the saved state of this tab. Try again later.'

/** Replace messages that may name folders, hosts and modules. */
export const wordsForSecrets: ReadonlyMap<ErrorCode, string> = new Map([
  ['duplicate-id', wrong],
  ['duplicate-member', wrong],
  ['hub-closed', 'The server is shutting down. Try again later.'],
  ['invalid-definition', wrong],
  ['load-failed', notLoaded],
  ['missing-hub', wrong],
  ['missing-secret', wrong],
  ['nested-lock', wrong],
  ['port-unavailable', wrong],
  ['registry-unreachable', wrong],
  ['store-misconfigured', storeAway],
  ['store-not-writable', storeAway],
  ['store-unreachable', storeAway],
  ['unknown-token', wrong],
  ['version-mismatch', wrong],
  ['weak-secret', wrong],
])

const busy = 'The server is busy. Nothing was changed. Try again.'
const outdated = 'This page is out of date. Reload it.'
const tooLong = 'This took too long and was stopped.'

/** Replace messages that speak to developers: of limits, handlers and locks. */
const wordsForPeople: ReadonlyMap<ErrorCode, string> = new Map([
  ['already-running', 'This is already running.'],
  ['event-timeout', tooLong],
  ['immutable-state', wrong],
  ['interrupted', 'The server stopped while this ran. What was saved before is kept.'],
  ['invalid-reply', wrong],
  ['invalid-trigger', wrong],
  ['invalid-value', wrong],
  ['lock-queue-full', busy],
  ['lock-timeout', busy],
  ['not-a-field', wrong],
  ['payload-too-large', 'This is too large to send.'],
  ['state-too-large', 'There is no room for more data here. Nothing was changed.'],
  ['task-cancelled', 'This was cancelled.'],
  ['task-timeout', tooLong],
  ['inbox-full', 'Too many changes are waiting. Try again in a moment.'],
  ['too-many-tasks', 'Too many tasks are running. Try again when one has ended.'],
  ['undeclared-field', wrong],
  ['unknown-definition', outdated],
  ['unknown-member', outdated],
  ['unknown-run', 'The outcome of this task is no longer known.'],
])
