/**
 * Tells the app's server which tab its requests come from: same-origin fetches, server actions and soft navigations among
 * them, by a header; the document that is loaded next in this tab by a cookie that lives a few seconds.
 */
import { systemClock } from '../base/clock.js'
import { pageLimits } from '../base/limits.js'
import { callerCookie, callerHeader, writeCaller } from '../protocol/caller.js'
import type { CurrentToken } from './identity.js'

const storageKey = 'heldstate.mark'

export class Introduction {
  private readonly current: CurrentToken
  /** That of this page, and the one that the page before it in this tab left for it. */
  private readonly mark = systemClock.id()
  private readonly left = taken()
  private leaving: string | undefined

  constructor(current: CurrentToken) {
    this.current = current
    if (this.left) clear(this.left)
    this.headFetches()
    addEventListener('beforeunload', () => this.leave())
  }

  /** Whether an answer with this mark was made for this tab. */
  knows(mark: string): boolean {
    return mark === this.mark || mark === this.left
  }

  private headFetches(): void {
    const { fetch } = globalThis
    globalThis.fetch = async (input, init) => {
      const signed = this.current()
      const request = typeof input === 'object' && 'url' in input ? input : undefined
      if (!signed || new URL(request?.url ?? String(input), document.baseURI).origin !== location.origin)
        return fetch(input, init)
      const headers = new Headers(init?.headers ?? request?.headers)
      headers.set(callerHeader, writeCaller({ mark: this.mark, signed }))
      return fetch(input, { ...init, headers })
    }
  }

  /** The page may be about to end. `pagehide` would be too late for the request that comes next. */
  private leave(): void {
    const signed = this.current()
    if (!signed) return
    const mark = systemClock.id()
    try {
      sessionStorage.setItem(storageKey, mark)
    } catch {
      return // the next page could not know the values for its own
    }
    if (this.leaving) clear(this.leaving)
    this.leaving = mark
    setCookie(mark, writeCaller({ mark, signed }), pageLimits.nextDocumentSeconds)
    systemClock.after(pageLimits.stillHereMs, () => clear(mark))
  }
}

/** The mark that was left for this page; a tab that is duplicated later shall not have it. */
function taken(): string | undefined {
  try {
    const mark = sessionStorage.getItem(storageKey) ?? undefined
    sessionStorage.removeItem(storageKey)
    return mark
  } catch {
    return undefined
  }
}

const clear = (mark: string) => setCookie(mark, '', 0)

function setCookie(mark: string, value: string, age: number): void {
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: while a page ends, only this is in time
  document.cookie = `${callerCookie(mark)}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`
}
