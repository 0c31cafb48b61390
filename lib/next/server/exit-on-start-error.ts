/** The exit of a process that cannot start for a reason that one sentence says. */
import { type ErrorCode, isHeldStateError } from '../../base/errors.js'
import { consoleLog, type Log } from '../../base/log.js'

/** Failures to start whose message says it all; where they were thrown says nothing. */
const plain = new Set<ErrorCode>([
  'port-unavailable',
  'store-not-writable',
  'missing-secret',
  'static-export',
  'store-unreachable',
  'store-misconfigured',
  'weak-secret',
])

/** Logs such a failure and exits with 1, as Next's own server does; throws any other. */
export function exitOnStartError(error: unknown, log: Log = consoleLog): never {
  if (!isHeldStateError(error) || !plain.has(error.code)) throw error
  log.error(error.message)
  process.exit(1)
}
