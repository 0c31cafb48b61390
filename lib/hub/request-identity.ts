/**
 * Which token does a request speak for? The signature tells whether the browser may. Cookies go with every request of the
 * browser, so each is good for one document, and of several that are new none counts: no document may show another tab's values.
 */
import { processLimits } from '../base/server-limits.js'
import { copiedToken, secretsOf, verifyToken } from '../instance/token.js'
import type { Caller } from '../protocol/caller.js'
import type { Hello } from '../protocol/hello.js'

export class RequestIdentity {
  readonly secrets: readonly [string, ...string[]]
  /** Marks of cookies that a document has used, the oldest first, with the name of that document. */
  private readonly used = new Map<string, string | undefined>()

  constructor(secret: string | readonly string[] | undefined) {
    this.secrets = secretsOf(secret)
  }

  /** The token of the tab, if it is this browser's. */
  tokenOf({ signed }: Pick<Caller, 'signed'>, browser: string): string | undefined {
    try {
      return verifyToken(signed, browser, this.secrets)
    } catch {
      return undefined
    }
  }

  /** Which of the browsers that the cookies of a page name is its own: the one that its token is bound to. */
  browserOf(signed: unknown, browser: string, others: readonly string[] = []): string {
    if (typeof signed !== 'string' || others.length === 0) return browser
    const isOwn = (one: string) => this.tokenOf({ signed }, one) !== undefined
    return [browser, ...others].find(isOwn) ?? browser
  }

  /** The token whose state a duplicated tab begins with. */
  copiedBy({ copyOf }: Pick<Hello, 'copyOf'>, browser: string): string | undefined {
    return copiedToken(copyOf, browser, this.secrets)
  }

  /** The one caller for whom a document is made, if that is sure. Next may render one several times; then `document` names it. */
  ofDocument(callers: readonly Caller[], browser: string, document?: string): Caller | undefined {
    const fresh = callers.filter(
      (caller) => this.isFresh(caller, document) && this.tokenOf(caller, browser) !== undefined,
    )
    const [only] = fresh
    if (!only || fresh.length > 1) return undefined
    this.used.set(only.mark, document)
    const [oldest] = this.used.keys()
    if (oldest !== undefined && this.used.size > processLimits.maxRequestNonces) this.used.delete(oldest)
    return only
  }

  private isFresh({ mark }: Caller, document: string | undefined): boolean {
    return !this.used.has(mark) || (document !== undefined && this.used.get(mark) === document)
  }
}
