/**
 * Looks at the requests to the app itself, where its events ask for requests: a page whose cookies have changed since it connected makes a new
 * connection, so that those events see a login or a logout without a reload.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { processLimits } from '../base/server-limits.js'
import type { HubRuntime } from '../hub/hub.js'
import { isOurCookie, isVolatile, marksOf } from '../hub/stale-cookies.js'
import { callerCookiePrefix, callerHeader, documentHeader, parseCaller } from '../protocol/caller.js'
import { browsersIn, isSecure } from './browser-cookie.js'

export class CookieWatch {
  private readonly hub: HubRuntime
  /** Browsers whose pages are to connect again, or did a moment ago. */
  private readonly told = new Map<string, { again: boolean }>()

  constructor(hub: HubRuntime) {
    this.hub = hub
  }

  look(request: IncomingMessage, response: ServerResponse): void {
    this.name(request)
    const { callers, forgottenTabs, registry, options } = this.hub
    const { headers, socket } = request
    if (!registry.asksForRequests || headers.cookie === undefined) return
    const secure = isSecure(headers, 'encrypted' in socket)
    const browsers = browsersIn(headers.cookie, callers.secrets, secure, options.zone)
    const [first] = browsers
    if (!first) return
    const caller = parseCaller(headers[callerHeader]?.toString())
    const browser = callers.browserOf(
      caller?.signed,
      first.browser,
      browsers.slice(1).map((other) => other.browser),
    )
    const token = caller && callers.tokenOf(caller, browser)
    if (token !== undefined) forgottenTabs.compare(token, marksOf(headers.cookie))
    response.once('close', () => {
      if (setsCookies(response)) this.changed(browser)
    })
  }

  /** So that all renders of a document know that they are of one, where its cookies may name the tab. What a visitor says there counts for nothing. */
  private name({ headers }: IncomingMessage): void {
    delete headers[documentHeader]
    if (headers.cookie?.includes(callerCookiePrefix)) headers[documentHeader] = this.hub.clock.id()
  }

  /** A response has set cookies of a browser, all of whose pages have them now. */
  private changed(browser: string): void {
    const { clock, forgottenTabs } = this.hub
    const known = this.told.get(browser)
    if (known) {
      known.again = true
      return
    }
    forgottenTabs.disconnect({ browser })
    const state = { again: false }
    this.told.set(browser, state)
    clock.after(processLimits.cookiesSetMs, () => {
      this.told.delete(browser)
      if (state.again) this.changed(browser)
    })
  }
}

function setsCookies(response: ServerResponse): boolean {
  if (/"(?:cookies|\*)"/.test(String(response.getHeader('clear-site-data') ?? ''))) return true
  const set = response.getHeader('set-cookie')
  const cookies = Array.isArray(set) ? set : set === undefined ? [] : [String(set)]
  return cookies
    .map((cookie) => cookie.split('=', 1)[0]?.trim() ?? '')
    .some((name) => !isOurCookie(name) && !isVolatile(name))
}
