/**
 * The cookie that names the browser to which tokens are bound. HttpOnly: page scripts never see it. Its value is the id of the
 * browser, when it was issued, and a signature over both: `id.issued.signature`. Older cookies are the id alone; they still name
 * a browser, but prove nothing about its age.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const browserCookie = 'heldstate'

const pattern = new RegExp(`(?:^|;\\s*)${browserCookie}=([0-9a-f]{32})(?:\\.([^;\\s]{0,100}))?(?:;|$)`)

/** What a `Cookie` header says of the browser, signed or not. */
export function browserIn(cookies: string | null | undefined): string | undefined {
  return pattern.exec(cookies ?? '')?.[1]
}

/** The value of the cookie for a browser that is named now, in milliseconds since the epoch. */
export function signedBrowser(browser: string, now: number, secret: string): string {
  const issued = Math.floor(now).toString(36)
  return `${browser}.${issued}.${signature(browser, issued, secret)}`
}

/** When the cookie was issued; `undefined` if it was not signed with one of `secrets`. */
export function issuedAt(cookies: string | undefined, secrets: readonly string[]): number | undefined {
  const [, browser = '', proof = ''] = pattern.exec(cookies ?? '') ?? []
  const [, issued, given] = /^([0-9a-z]{1,11})\.([0-9a-f]{32})$/.exec(proof) ?? []
  if (!issued || !given) return undefined
  const expected = secrets.some((secret) =>
    timingSafeEqual(Buffer.from(given), Buffer.from(signature(browser, issued, secret))),
  )
  return expected ? Number.parseInt(issued, 36) : undefined
}

/** Its text can never be one that a token's signature covers: those begin with hexadecimal digits. */
function signature(browser: string, issued: string, secret: string): string {
  return createHmac('sha256', secret).update(`browser:${browser}.${issued}`).digest('hex').slice(0, 32)
}
