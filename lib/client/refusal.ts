/**
 * Why the server refuses to connect. A browser hides the answer to an upgrade; the request by which the page then tries to poll
 * gets the same answer, and shows it.
 */
import { type ErrorCode, isErrorCode } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'

export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  /** Milliseconds that the server asks to wait. */
  readonly retryAfterMs: number
}

/** What the failure of Engine.IO says; `undefined` if nothing of ours has answered. */
export function refusalIn(failure: Error): Refusal | undefined {
  try {
    const { context: request } = failure as { context?: unknown } as { context: XMLHttpRequest }
    const { code, message } = JSON.parse(request.responseText) as { code: unknown; message: unknown }
    const seconds = Number(request.getResponseHeader('retry-after')) || 0
    const retryAfterMs = Math.min(seconds * 1000, pageLimits.retryAfterLongestMs)
    return isErrorCode(code) ? { code, message: String(message), retryAfterMs } : undefined
  } catch {
    return undefined
  }
}
