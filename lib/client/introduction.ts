/**
 * Tells the app's server which tab its requests come from: server actions and soft navigations of Next, and what `heldFetch` sends, by a header;
 * the document that is loaded next in this tab by a cookie that lives a few seconds. Other fetches of the page are left as they are.
 */
import { systemClock } from '../base/clock.js'
import { pageLimits } from '../base/limits.js'
import { appHeader, callerCookie, callerHeader, writeCaller } from '../protocol/caller.js'
import { heldApp } from '../protocol/heldstate-app.js'
import type { CurrentToken } from './identity.js'

const storageKey = `heldstate.mark${heldApp.zone}`

export class Introduction {
  private readonly current: CurrentToken
  /** That of this page, and the one that the page before it in this tab left for it. */
  private readonly mark = systemClock.id()
  private readonly left = taken()
  private leaving: string | undefined

  constructor(current: CurrentToken) {
    this.current = current
    this.headFetches()
    addEventListener('beforeunload', () => this.leave())
    // Back from the cache of left pages: no document was made by the mark of the page before, and of two the server believes neither.
    addEventListener('pageshow', ({ persisted }) => persisted && taken())
  }

  /** Whether an answer with this mark was made for this tab. */
  knows(mark: string): boolean {
    return mark === this.mark || mark === this.left
  }

  /** Next has no other place in which to say it. Its requests are named by headers of its own. */
  private headFetches(): void {
    const { fetch } = globalThis
    globalThis.fetch = (input, init) => (isNexts(init) ? this.fetch(input, init, fetch) : fetch(input, init))
  }

  /** A fetch that names the tab to the app's own server; to any other it is a plain one. */
  async fetch(input: RequestInfo | URL, init?: RequestInit, send = globalThis.fetch): Promise<Response> {
    const signed = this.current()
    const request = typeof input === 'object' && 'url' in input ? input : undefined
    const { origin } = new URL(request?.url ?? String(input), document.baseURI)
    if (!signed || origin !== location.origin) return send(input, init)
    const headers = new Headers(init?.headers ?? request?.headers)
    headers.set(callerHeader, writeCaller({ mark: this.mark, signed }))
    if (heldApp.id) headers.set(appHeader, heldApp.id)
    return send(input, { ...init, headers })
  }

  /** The page may be about to unload. `pagehide` would be too late for the request that comes next. */
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

/** Server actions, and what its two routers load. */
function isNexts(init: RequestInit | undefined): boolean {
  if (!init?.headers) return false
  const headers = new Headers(init.headers)
  return headers.has('rsc') || headers.has('next-action') || headers.has('x-nextjs-data')
}

/** The mark that was left for this page, whose cookie goes; a tab that is duplicated later must not have it. */
function taken(): string | undefined {
  try {
    const mark = sessionStorage.getItem(storageKey) ?? undefined
    sessionStorage.removeItem(storageKey)
    if (mark) clear(mark)
    return mark
  } catch {
    return undefined
  }
}

const clear = (mark: string) => setCookie(mark, '', 0)

function setCookie(mark: string, value: string, age: number): void {
  const isSecure = location.protocol === 'https:'
  const secure = isSecure ? '; Secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: while a page unloads, only this is in time
  document.cookie = `${callerCookie(mark, isSecure)}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`
}
