/** The error for arguments that their schema refused. It names the path and the fault, and repeats no value that was sent. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HeldStateError, type Issue } from '../base/errors.js'
import { boundedIssues } from '../base/issues.js'
import { textLimits } from '../base/limits.js'
import { cut } from '../base/text.js'

export function refused(given: readonly StandardSchemaV1.Issue[], cause: unknown): HeldStateError {
  const issues = boundedIssues(given)
  const more = given.length - issues.length
  const rest = more > 0 ? `; and ${more} more` : ''
  const sentences = cut(issues.map(sentenceOf).join('; '), textLimits.messageText - rest.length)
  return new HeldStateError('invalid-arguments', `${sentences}${rest}`, { cause, issues })
}

const sentenceOf = ({ message, path }: Issue) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)
