/**
 * Which token does a request speak for? The signature tells whether the browser may; for the cookie of a document it also
 * counts that each is good once: another document of the browser, opened at the same moment, shall not show this tab's values.
 */
import { fixedLimits } from '../base/limits.js'
import type { Caller } from '../protocol/caller.js'
import { secretsOf, verifyToken } from './token.js'

export class Callers {
  readonly secrets: readonly [string, ...string[]]
  /** Marks of cookies that a document has used, the oldest first. */
  private readonly used = new Set<string>()

  constructor(secret: string | readonly string[] | undefined) {
    this.secrets = secretsOf(secret)
  }

  /** The token of the tab, if it is this browser's. */
  tokenOf({ signed }: Caller, browser: string): string | undefined {
    try {
      return verifyToken(signed, browser, this.secrets)
    } catch {
      return undefined
    }
  }

  /** As `tokenOf`, and for each mark only once. */
  tokenOnce(caller: Caller, browser: string): string | undefined {
    if (this.used.has(caller.mark)) return undefined
    const token = this.tokenOf(caller, browser)
    if (token === undefined) return undefined
    this.used.add(caller.mark)
    for (const oldest of this.used) if (this.used.size > fixedLimits.usedMarks) this.used.delete(oldest)
    return token
  }
}
