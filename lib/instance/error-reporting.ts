/** Tells faults of the app, which belong in its log, from failures that their caller expects. */
import { asVisitorsRead, hiddenBy, isRefusal } from '../base/concealed.js'
import { type ErrorCode, isHeldStateError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { inTab } from '../base/text.js'

/** Failures that their caller can mend; every other one is a fault of the app. */
export const callerFaults = new Set<ErrorCode>([
  'already-running',
  'hub-closed',
  'inbox-full',
  'invalid-arguments',
  'state-lost',
  'task-cancelled',
  'too-many-tasks',
  'unknown-definition',
  'unknown-member',
])

/** Failures of a trigger that are no fault: the app itself is its caller, and nobody else would hear of the others. */
export const triggerFaults = new Set<ErrorCode>(['hub-closed', 'state-lost', 'task-cancelled'])

/** In development, the stack of the error names the author's line. A test sees the stack elsewhere, and compares only the words. */
const lineOf = (error: Error) => (process.env.NODE_ENV === 'development' ? error : undefined)

/** Logs the error if it is a fault of the app, and returns whether it is. `token` names the tab whose state it happened to. */
export function reportFault(log: Log, error: unknown, expected: ReadonlySet<ErrorCode>, token: string): boolean {
  const known = isHeldStateError(error)
  if (known && (expected.has(error.code) || isRefusal(error))) return false
  const hidden = hiddenBy(error)
  if (known && hidden) log.error(`${hidden.where} threw ${inTab(token)}.${asVisitorsRead(error)}`, hidden.thrown)
  else if (known) log.error(`${error.message} ${inTab(token)}`, error.cause ?? lineOf(error))
  else log.error(`Failed to run an event or a task ${inTab(token)}.`, error)
  return true
}
