/** Forgets what the caller of a server action or a route handler has here, for a logout. */
import { HeldStateError } from '../../base/errors.js'
import { currentHub } from '../../hub/process-hub.js'
import { callingBrowsers, callingTab, isOutsideRequests, noRequest } from './calling-tab.js'
import type { GivenRequest } from './given-request.js'

/**
 * Deletes the state of the calling tab: its tasks are cancelled, and its page goes on with first values and a new token. Resolves when
 * nothing of it is left, in any process. In `pages/api`, pass the request: `forgetTab({ req })`.
 */
export async function forgetTab(given?: GivenRequest): Promise<void> {
  const hub = currentHub()
  const tab = await callingTab(hub, given)
  if (!tab && !given && (await isOutsideRequests()))
    throw new HeldStateError('unknown-tab', noRequest('forgetTab({ req })'))
  if (!tab)
    throw new HeldStateError(
      'unknown-tab',
      'This request does not identify its tab. Call forgetTab() in a server action, or in a route ' +
        'handler called with heldFetch. forgetBrowser() needs only the browser cookie.',
    )
  await hub.forgottenTabs.forget(tab.token)
}

/**
 * Deletes the state of all tabs of the calling browser, open or closed, as `forgetTab` does for one: for a logout. Does nothing for a
 * request without the cookie of a browser.
 */
export async function forgetBrowser(given?: GivenRequest): Promise<void> {
  const hub = currentHub()
  const browsers = await callingBrowsers(hub, given)
  await Promise.all(browsers.map((browser) => hub.forgottenTabs.forgetBrowser(browser)))
}
