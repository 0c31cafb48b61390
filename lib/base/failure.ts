/** Failures as they leave the server, or are kept there: within bounds. */
import { type ErrorCode, type Failure, isHeldStateError, messageOf } from './errors.js'
import { boundedIssues } from './issues.js'
import { textLimits } from './limits.js'
import { cut } from './text.js'

/**
 * What a tab may learn about `error`: an error of ours as it is, anything else under the code that is given. Its words may be
 * those of a stranger, and they are sent, saved and remembered: so they are cut.
 */
export function toFailure(error: unknown, code: ErrorCode): Failure {
  const message = cut(messageOf(error), textLimits.messageText)
  if (!isHeldStateError(error)) return { code, message }
  const { issues } = error
  return { code: error.code, message, ...(issues && { issues: boundedIssues(issues) }) }
}
