/**
 * The cookie that names the browser to which tokens are bound. HttpOnly: page scripts never see it. Its value is the id of the browser, when it was
 * issued, and a signature over both: `id.issued.signature`. What is not signed names nobody. Over https its name begins with `__Host-`, so no other
 * host of the site can set it; over http one can, so of several each is tried.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { edgeLimits } from '../base/server-limits.js'

/** Over https and over http. Apps of one origin, each below a path of its own, would overwrite each other's, so its name has that path. */
function namesIn(zone: string): readonly [host: string, plain: string] {
  const name =
    zone === ''
      ? 'heldstate'
      : `heldstate.${encodeURIComponent(zone.slice(1)).replaceAll('!', '%21').replaceAll('%2F', '!')}`
  return [`__Host-${name}`, name]
}

/** What a signed cookie says. */
export interface BrowserCookie {
  readonly browser: string
  /** Milliseconds since the epoch. */
  readonly issued: number
  /** Signed with the first of the secrets, which signs new ones. */
  readonly isCurrent: boolean
  /** Its name has no zone although the app has one: that of another app, or from before the zone. */
  readonly isZoneless: boolean
}

/** In which frames of other sites a page keeps its state: in none, or in all of them, in each site another one. */
export type SameSite = 'lax' | 'none'

/** The request came over https, as the socket knows or a proxy says. */
export const isSecure = (headers: IncomingHttpHeaders, encrypted: boolean): boolean =>
  encrypted || firstOf(headers['x-forwarded-proto']) === 'https'

/** That of the first of several proxies, which is the one that the browser has spoken to. */
export function firstOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0]
  return text?.split(',', 1)[0]?.trim().toLowerCase()
}

/** The browsers that a `Cookie` header names, those that no other host can have set first. Over https there are no others. */
export function browsersIn(
  cookies: string | null | undefined,
  secrets: readonly string[],
  secure: boolean,
  zone = '',
): readonly BrowserCookie[] {
  const own = namesIn(zone)
  const found = new Map<string, BrowserCookie[]>([...own, ...namesIn('')].map((name) => [name, []]))
  let tried = 0
  for (const [, name = '', browser = '', issued = '', given = ''] of (cookies ?? '').matchAll(pattern)) {
    const list = found.get(name)
    if (!list || (secure && !name.startsWith('__Host-'))) continue
    tried += 1
    if (tried > edgeLimits.browserCookies) break
    const signer = secrets.findIndex((secret) => isSigned(given, signature(browser, issued, secret)))
    const isZoneless = !own.includes(name)
    if (signer >= 0) list.push({ browser, issued: Number.parseInt(issued, 36), isCurrent: signer === 0, isZoneless })
  }
  return [...found.values()].flat()
}

const pattern =
  /(?:^|;\s*)((?:__Host-)?heldstate(?:\.[^=;\s]+)?)=([0-9a-f]{32})\.([0-9a-z]{1,11})\.([0-9a-f]{32})(?=;|\s*$)/g

/** Whether there is any for this app, whatever it says. */
export function hasBrowserCookie(cookies: string | undefined, zone = ''): boolean {
  const names = [...namesIn(zone), ...namesIn('')]
  return (cookies ?? '').split(';').some((pair) => names.includes(pair.split('=', 1)[0]?.trim() ?? ''))
}

const isSigned = (given: string, expected: string) => timingSafeEqual(Buffer.from(given), Buffer.from(expected))

/** The value of the cookie for a browser that is named now, in milliseconds since the epoch. */
export function signedBrowser(browser: string, now: number, secret: string): string {
  const issued = Math.floor(now).toString(36)
  return `${browser}.${issued}.${signature(browser, issued, secret)}`
}

/** Its text can never be one that a token's signature covers: those begin with hexadecimal digits. */
function signature(browser: string, issued: string, secret: string): string {
  return createHmac('sha256', secret).update(`browser:${browser}.${issued}`).digest('hex').slice(0, 32)
}

interface CookieOptions {
  readonly secure: boolean
  readonly sameSite: SameSite
  readonly zone?: string | undefined
}

/** As `Set-Cookie` has it. Browsers take `SameSite=None` over https alone, and over http from this machine. */
export function setCookie(value: string, { secure, sameSite, zone = '' }: CookieOptions): string {
  const framed = sameSite === 'none'
  const name = namesIn(zone)[secure ? 0 : 1]
  const site = framed ? 'SameSite=None; Partitioned' : 'SameSite=Lax'
  return `${name}=${value}; Path=/; HttpOnly; ${site}; Max-Age=${cookieAge}${secure || framed ? '; Secure' : ''}`
}

const cookieAge = 365 * 24 * 60 * 60 // seconds; browsers allow 400 days
