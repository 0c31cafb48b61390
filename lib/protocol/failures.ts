/** Failures as JSON, on the wire. */
import type { Json } from '../base/encode.js'
import { type Failure, type Issue, isErrorCode } from '../base/errors.js'
import { boundedIssues } from '../base/issues.js'
import { list, text } from './from-hub.js'

export const writeFailure = ({ code, message, issues, stack, original }: Failure): Json[] => {
  const written: Json[] = [code, message]
  const hasMore = stack !== undefined || original !== undefined
  if (issues || hasMore) written.push(boundedIssues(issues ?? []).map(({ message, path }) => [message, path]))
  if (hasMore) written.push(stack ?? null)
  if (original !== undefined) written.push(original)
  return written
}

export function readFailure(
  code: unknown,
  message: unknown,
  issues?: unknown,
  stack?: unknown,
  original?: unknown,
): Failure {
  const read = issues === undefined ? [] : list(issues).map(readIssue)
  return {
    code: isErrorCode(code) ? code : newer(code),
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

/** A server that is newer than the page may have a code that it does not know: the call has failed all the same. */
function newer(code: unknown): 'handler-failed' {
  text(code)
  return 'handler-failed'
}
