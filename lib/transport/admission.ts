/**
 * Who may come in: what a request below our path is asked before the engine sees it. A handshake that passes has a place, which it
 * gives back when its connection is closed.
 */
import type { IncomingMessage } from 'node:http'
import { Buckets } from '../base/buckets.js'
import { edgeLimits } from '../base/server-limits.js'
import type { HubRuntime } from '../hub/hub.js'
import { originOf } from './address.js'
import type { Refusal } from './answers.js'
import type { Arrival } from './arrival.js'
import { browsersIn, isSecure, setCookie, signedBrowser } from './browser-cookie.js'
import { hasBody } from './guard.js'
import { Places } from './places.js'
import { Site, type SiteOptions } from './site.js'
import type { Troubles } from './troubles.js'
import { visitorOf } from './visitor.js'

/** What the query of a request says to the engine. */
export type Query = Readonly<Record<string, string | undefined>>

export class Admission {
  private readonly hub: HubRuntime
  private readonly troubles: Troubles
  private readonly buckets: Buckets
  private readonly places: Places
  private readonly site: Site

  constructor(hub: HubRuntime, troubles: Troubles, developmentHosts: SiteOptions['developmentHosts']) {
    const { handshakesPerSecond, handshakeBurst, connections } = hub.limits
    this.hub = hub
    this.troubles = troubles
    this.buckets = new Buckets(hub.clock, { perSecond: handshakesPerSecond, burst: handshakeBurst })
    this.places = new Places(connections)
    this.site = new Site({ origins: hub.options.origins, developmentHosts })
  }

  /** Why a request may not reach the engine, whatever it asks. */
  refusal(request: IncomingMessage, { sid }: Query, upgrade: boolean): Refusal | undefined {
    const kind = upgrade ? 'upgrade' : sid ? 'later' : 'handshake'
    if (!this.site.isRebound(request) && !this.site.isForeign(request, kind)) return unfit(request, upgrade)
    const { origin, host } = request.headers
    if (this.site.isRebound(request)) this.troubles.rebound(host)
    else if (origin === undefined) this.troubles.crossSite()
    else this.troubles.foreign(origin, host, request.headers['x-forwarded-host'] as string | undefined)
    return foreign
  }

  /** The cookie for the browser of an arrival, as `Set-Cookie` has it; `undefined` if it has one. */
  cookie({ browser, signed }: Arrival, { headers, socket }: IncomingMessage): string | undefined {
    if (signed) return undefined
    const { clock, callers, options } = this.hub
    const value = signedBrowser(browser, clock.now(), callers.secrets[0])
    const secure = isSecure(headers, 'encrypted' in socket) || headers.origin?.startsWith('https:') === true // a proxy may not say it
    return setCookie(value, { secure, sameSite: options.sameSite ?? 'lax', zone: options.zone })
  }

  /** Admits a handshake. The order matters: what costs least is asked first. */
  admit(request: IncomingMessage, query: Query, upgrade: boolean): Arrival | Refusal {
    if (query.EIO !== '4' || request.method !== 'GET' || query.transport !== (upgrade ? 'websocket' : 'polling'))
      return badRequest
    const { address, trouble } = originOf(request, this.hub.options.addressOf)
    if (trouble) this.troubles[trouble]()
    const waitMs = address === undefined ? 0 : this.buckets.take(address)
    if (waitMs > 0) {
      this.troubles.flood(address)
      return { ...tooMany, retryAfterSeconds: Math.ceil(waitMs / 1000) }
    }
    return this.placed(request, address)
  }

  private placed(request: IncomingMessage, address: string | undefined): Arrival | Refusal {
    const { clock, callers, options } = this.hub
    const { headers, socket } = request
    const { cookie: cookies } = headers
    const given = browsersIn(cookies, callers.secrets, isSecure(headers, 'encrypted' in socket), options.zone)
    const cookie = given.find((one) => !one.isZoneless)
    const more = given.filter((one) => one !== cookie)
    const browser = cookie?.browser ?? clock.id()
    const ageMs = cookie ? clock.now() - cookie.issued : 0
    const place = this.places.take({ browser, known: ageMs > edgeLimits.knownBrowserMs, address })
    const signed = cookie?.isCurrent === true && ageMs < edgeLimits.cookieAgainMs
    const others = more.length > 0 ? more.map((other) => other.browser) : undefined
    if (place) return { browser, others, cookies, visitor: visitorOf(request), signed, address, place }
    if (this.places.isGreedy(address)) this.troubles.greedy(address)
    else this.troubles.full(this.places.taken)
    return full
  }
}

/** What no request of a page is. What follows an upgrade is no body. */
function unfit(request: IncomingMessage, upgrade: boolean): Refusal | undefined {
  if (request.method !== 'GET' && request.method !== 'POST') return badMethod
  return upgrade && hasBody(request) ? badRequest : undefined
}

const badMethod: Refusal = { status: 405, message: 'Only GET and POST are supported.' }

export const badRequest: Refusal = { status: 400, code: 'invalid-message', message: 'Not a request of a page.' }

/** As the engine says it, which would leave the socket open. */
export const unknownSession: Refusal = { status: 400, message: 'Session ID unknown' }

export const closing: Refusal = {
  status: 503,
  code: 'hub-closed',
  message: 'The server is shutting down.',
  retryAfterSeconds: 1,
}

export const tooLarge: Refusal = {
  status: 413,
  code: 'payload-too-large',
  message: 'The request is larger than the limit "messageBytes".',
}

const foreign: Refusal = {
  status: 403,
  code: 'origin-not-allowed',
  message: 'A page of another origin tried to connect. Behind a proxy, forward the Host header.',
}

const tooMany: Refusal = {
  status: 429,
  code: 'too-many-handshakes',
  message: 'Too many connection attempts from this address.',
}

const full: Refusal = {
  status: 503,
  code: 'too-many-connections',
  message: 'The server has reached its limit of connections.',
  retryAfterSeconds: edgeLimits.fullRetrySeconds,
}
