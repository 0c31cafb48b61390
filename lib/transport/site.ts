/**
 * Whether a request comes from a page of this app, as far as its browser says. What is no browser can say anything, and gets no
 * further by it: it has no cookie of a visitor.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isNear } from './address.js'
import { firstOf, isSecure } from './browser-cookie.js'

export interface SiteOptions {
  /** Origins of the app's own pages, other than that of the host of each request. */
  readonly origins?: readonly string[] | undefined
  /** In development: hosts other than those of this machine, as Next's `allowedDevOrigins` has them. In production every host is fine. */
  readonly developmentHosts?: (() => readonly string[]) | undefined
}

export class Site {
  private readonly options: SiteOptions
  private readonly origins: ReadonlySet<string>

  constructor(options: SiteOptions) {
    this.options = options
    this.origins = new Set(options.origins?.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
  }

  /** `later` requests belong to a connection whose handshake has passed. */
  isForeign(request: IncomingMessage, kind: 'handshake' | 'later' | 'upgrade'): boolean {
    const { headers } = request
    const site = headers['sec-fetch-site']
    const mode = headers['sec-fetch-mode']
    if (mode === 'no-cors' || mode === 'navigate') return true // an image, a script, a link: no connection of ours begins so
    if (headers.origin === undefined) return site !== undefined && site !== 'same-origin'
    if (!this.isOwn(request)) return kind !== 'later' || site !== 'same-origin'
    // browsers send the origin with every upgrade, and some judge ws: against http: as another site
    return kind !== 'upgrade' && site === 'cross-site'
  }

  /** Browsers name the origin of the page in each upgrade; a cookie alone would let any site speak for its visitor. */
  private isOwn({ headers, socket }: IncomingMessage): boolean {
    const origin = originOf(headers.origin)
    if (!origin) return false
    if (this.origins.has(origin.origin)) return true
    // a page at http:, which anyone on the way can write, does not speak for one at https:
    if (origin.protocol === 'http:' && isSecure(headers, 'encrypted' in socket)) return false
    if (sameHost(origin, headers.host)) return true
    // a visitor can write the header too, and comes from a public address
    return isNearPeer(socket.remoteAddress) && sameHost(origin, firstOf(headers['x-forwarded-host']))
  }

  /**
   * In development, the name of a host that is not known may be another site's, which it has let point to this machine: its page would read
   * what the developer's own pages read. An address cannot be let point elsewhere.
   */
  isRebound({ headers: { host, origin } }: IncomingMessage): boolean {
    return this.isUnknown(host) || (origin !== undefined && this.isUnknown(originOf(origin)?.host))
  }

  private isUnknown(host: string | undefined): boolean {
    const { developmentHosts } = this.options
    if (!developmentHosts || host === undefined) return false
    const name = hostnameOf(host)
    if (name === undefined) return true
    if (isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === 'localhost' || name.endsWith('.localhost')) return false
    return !developmentHosts().some((pattern) => matches(name, pattern.toLowerCase()))
  }
}

function originOf(text: string | undefined): URL | undefined {
  try {
    const url = new URL(text ?? '')
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
  } catch {
    return undefined
  }
}

/** Without a port, the host has that of the scheme of the page. */
function sameHost({ protocol, host }: URL, given: string | undefined): boolean {
  return given !== undefined && host === originOf(`${protocol}//${given}`)?.host
}

const hostnameOf = (host: string) => originOf(`http://${host}`)?.hostname.toLowerCase()

const isNearPeer = (peer: string | undefined) => peer === undefined || isNear(peer) // a socket of this machine has no address

/** As Next matches `allowedDevOrigins`: `*` stands for one label, `**` in front for one or more. Alone, neither matches anything. */
function matches(name: string, pattern: string): boolean {
  const [labels, wanted] = [name.split('.'), pattern.split('.')]
  if (wanted.length === 1 && pattern.startsWith('*')) return false
  if (wanted[0] === '**') {
    const rest = wanted.slice(1)
    return labels.length > rest.length && matchesAll(labels.slice(labels.length - rest.length), rest)
  }
  return labels.length === wanted.length && matchesAll(labels, wanted)
}

const matchesAll = (labels: readonly string[], wanted: readonly string[]) =>
  labels.every((label, index) => wanted[index] === '*' || wanted[index] === label)
