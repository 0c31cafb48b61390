/** The cookie that names the browser to which tokens are bound. HttpOnly: page scripts never see it. */

export const browserCookie = 'heldstate'

/** What a `Cookie` header says of the browser. */
export function browserIn(cookies: string | null | undefined): string | undefined {
  return new RegExp(`(?:^|;\\s*)${browserCookie}=([0-9a-f]{32})(?:;|$)`).exec(cookies ?? '')?.[1]
}
