/**
 * How requests to the app's own server say which tab they come from: fetches of the page in a header, and the document that
 * is loaded next in its tab in a cookie. Each carries a mark, by which the page knows that an answer was made for it, and
 * the signed token of the tab.
 */

export const callerHeader = 'x-heldstate'
export const callerCookie = 'heldstate-tab'

export interface Caller {
  /** Random, 32 hexadecimal digits: that of the page in a header, one of its own in each cookie. */
  readonly mark: string
  readonly signed: string
}

export const writeCaller = ({ mark, signed }: Caller) => `${mark}.${signed}`

export function parseCaller(text: string | null | undefined): Caller | undefined {
  const [, mark, signed] = /^([0-9a-f]{32})\.([0-9a-f]{32}\.[0-9a-f]{32})$/.exec(text ?? '') ?? []
  return mark && signed ? { mark, signed } : undefined
}
