/**
 * The tab from which the request of now comes, for server components, server actions and route handlers. Next is asked for
 * the request only when server code wants to know.
 */
import { HeldStateError, messageOf } from '../../base/errors.js'
import type { HubRuntime } from '../../hub/hub.js'
import { currentSlot } from '../../hub/process-hub.js'
import { appHeader, callerHeader, callersIn, documentHeader, parseCaller } from '../../protocol/caller.js'
import { browsersIn, firstOf } from '../../transport/browser-cookie.js'
import { type GivenRequest, headersOf, type RequestHeaders } from './given-request.js'
import { type CallingTab, playedTab } from './test-request.js'

/** By the headers of a request, which Next gives as one object: the cookie of a document is good once, its answer often. */
const known = new WeakMap<object, CallingTab | undefined>()

/** `undefined` if there is no request, or if it does not tell. A request that is given counts, and not the one of now. */
export async function callingTab(hub: HubRuntime | undefined, given?: GivenRequest): Promise<CallingTab | undefined> {
  const played = playedTab()
  if (played) return played
  const headers = await requestHeaders(given)
  if (!headers || !hub) return undefined
  if (!known.has(headers)) known.set(headers, tabOf(hub, headers))
  return known.get(headers)
}

/** The browser of the request of now; where it does not tell of a tab, all that its cookies name: over http, another host can have set one. */
export async function callingBrowsers(hub: HubRuntime, given?: GivenRequest): Promise<readonly string[]> {
  const tab = await callingTab(hub, given)
  if (tab) return [tab.browser]
  const headers = await requestHeaders(given)
  if (!headers && isApp()) throw new HeldStateError('unknown-tab', noRequest('forgetBrowser({ req })'))
  return headers ? browsersOf(hub, headers).map(({ browser }) => browser) : []
}

function browsersOf({ callers, options }: HubRuntime, headers: RequestHeaders) {
  const secure = isSecureRequest(headers)
  return browsersIn(headers.get('cookie'), callers.secrets, secure, options.zone)
}

/** A page of another app of the same origin tells its own tab. */
const isOthers = ({ registry: { app } }: HubRuntime, named: string | null) =>
  app !== undefined && named !== null && named !== app

const isSecureRequest = (headers: RequestHeaders) => firstOf(headers.get('x-forwarded-proto') ?? undefined) === 'https'

/** Each browser that the cookies name is tried: over http, another host of the site can have set one of them. */
function tabOf(hub: HubRuntime, headers: RequestHeaders): CallingTab | undefined {
  const { callers } = hub
  const given = parseCaller(headers.get(callerHeader))
  const document = headers.get(documentHeader) ?? undefined
  if (isOthers(hub, headers.get(appHeader))) return undefined
  for (const { browser, isZoneless } of browsersOf(hub, headers)) {
    const named = callersIn(headers.get('cookie'), isSecureRequest(headers))
    const caller = given ?? (isZoneless ? undefined : callers.ofDocument(named, browser, document))
    const token = caller && callers.tokenOf(caller, browser)
    if (caller && token !== undefined) return { token, mark: caller.mark, browser, loads: !given && !isPosted(headers) }
  }
  return undefined
}

/** A form of the page was sent, before its scripts had come. Browsers name the origin of a POST, and of no document that is only loaded. */
function isPosted(headers: RequestHeaders): boolean {
  try {
    const { host } = new URL(headers.get('origin') ?? '')
    return host === headers.get('x-forwarded-host') || host === headers.get('host')
  } catch {
    return false
  }
}

/** Whether this is code of an app to which Next tells of no request. A test without one plays a new visitor. */
export const isOutsideRequests = async (): Promise<boolean> => isApp() && !playedTab() && !(await requestHeaders())

const isApp = () => currentSlot()?.takeJob !== undefined || process.env.NEXT_PHASE === 'phase-production-build'

/** `call` is what to write. */
export const noRequest = (call: string): string =>
  `Next provides no request here, so the calling tab is unknown. In pages/api and getServerSideProps, pass the request: ${call}. getStaticProps, timers and ` +
  'scripts have no request.'

/**
 * Next throws through here what stops a static render; only that there is no request is an answer. A prefetch has headers and is kept
 * for minutes, which values of a tab must not be: `connection()` waits for the navigation.
 */
async function requestHeaders(given?: GivenRequest): Promise<RequestHeaders | undefined> {
  if (given !== undefined) return headersOf(given)
  const next = await import('next/headers.js').catch(() => undefined)
  try {
    const headers = await next?.headers()
    if (headers) await (await import('next/server.js')).connection()
    return headers
  } catch (error) {
    if (messageOf(error).includes('outside a request scope')) return undefined
    throw error
  }
}
