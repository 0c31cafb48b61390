/**
 * How requests to the app's own server say which tab they come from: fetches of the page in a header, and the document that
 * is loaded next in its tab in a cookie. Each carries a mark, by which the page knows that an answer was made for it, and
 * the signed token of the tab.
 */

export const callerHeader = 'x-heldstate'

/** Names the app of the page, so that another app of the same origin does not take its tab for one of its own; and the hub's, in its handshake. */
export const appHeader = 'x-heldstate-app'

/** Set by the server itself on requests to the app, so that renders of one document know that they are of one. */
export const documentHeader = 'x-heldstate-document'

export const callerCookiePrefix = 'heldstate-tab-'

/** Each cookie has a name of its own: pages that unload at the same moment do not overwrite each other's. Over https no other host can set it. */
export const callerCookie = (mark: string, secure: boolean) =>
  `${secure ? '__Host-' : ''}${callerCookiePrefix}${mark.slice(0, 8)}`

export interface Caller {
  /** Random, 32 hexadecimal digits: that of the page in a header, one of its own in each cookie. */
  readonly mark: string
  readonly signed: string
}

export const writeCaller = ({ mark, signed }: Caller) => `${mark}.${signed}`

/** The callers that a `Cookie` header names; over https, those alone that no other host can have set. */
export function callersIn(cookies: string | null, secure: boolean): Caller[] {
  const values = (cookies ?? '').matchAll(/(?:^|;\s*)(__Host-)?heldstate-tab-[0-9a-f]{8}=([^;]*)/g)
  return [...values].flatMap(([, own, value]) => (secure && !own ? [] : (parseCaller(value) ?? [])))
}

export function parseCaller(text: string | null | undefined): Caller | undefined {
  const [, mark, signed] = /^([0-9a-f]{32})\.([0-9a-f]{32}\.[0-9a-f]{32})$/.exec(text ?? '') ?? []
  return mark && signed ? { mark, signed } : undefined
}
