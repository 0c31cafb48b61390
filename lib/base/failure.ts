/** Failures as they leave the server, or are kept there: within bounds, and in words for visitors. */
import type { ErrorCode, Failure, HeldStateError } from './errors.js'
import { boundedIssues } from './issues.js'
import { textLimits } from './limits.js'
import { cut } from './text.js'

/**
 * What a page may learn about `error`. Its words may be those of a stranger, and they are sent, saved and remembered: so they are cut. In production
 * those for operators, which may name folders, hosts and modules, become a sentence for visitors.
 */
export function toFailure({ code, message, issues }: HeldStateError): Failure {
  const words = (isForAuthors() ? undefined : wordsForVisitors.get(code)) ?? message
  return { code, message: cut(words, textLimits.messageText), ...(issues && { issues: boundedIssues(issues) }) }
}

/** Pages are opened by authors alone. A server that does not say so is one for strangers. */
export const isForAuthors = () => process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test'

const seeLog = 'Something went wrong. The log of the server says what.'
/** Of a store that does not answer. */
export const storeAway = 'The server cannot save at the moment: its store is out of reach. Try again later.'

export const notLoaded =
  'The saved state of this tab could not be loaded: the store failed. Try again; the cause is in the log of the server.'

/** In place of words that may name folders, hosts and modules. */
export const wordsForVisitors: ReadonlyMap<ErrorCode, string> = new Map([
  ['port-unavailable', seeLog],
  ['store-not-writable', storeAway],
  ['duplicate-id', seeLog],
  ['duplicate-member', seeLog],
  ['hub-closed', 'The server is shutting down. Try again later.'],
  ['invalid-definition', seeLog],
  ['load-failed', notLoaded],
  ['missing-hub', seeLog],
  ['missing-secret', seeLog],
  ['nested-lock', seeLog],
  ['version-mismatch', seeLog],
  ['registry-unreachable', seeLog],
  ['store-unreachable', storeAway],
  ['store-misconfigured', storeAway],
  ['unknown-token', seeLog],
  ['weak-secret', seeLog],
])
