/** The cookie that names the browser to which tokens are bound. HttpOnly: page scripts never see it. */

export const browserCookie = 'heldstate'

/** What a `Cookie` header says of the browser. */
export function browserIn(cookies: string | null | undefined): string | undefined {
  return /^[0-9a-f]{32}$/.exec(cookieIn(cookies, browserCookie) ?? '')?.[0]
}

/** The value of one cookie of a `Cookie` header. */
export function cookieIn(cookies: string | null | undefined, name: string): string | undefined {
  return new RegExp(`(?:^|;\\s*)${name}=([^;]*)(?:;|$)`).exec(cookies ?? '')?.[1]
}
