/**
 * What goes wrong with connections before there is a tab to tell, as lines for the operator: few, since anybody can knock
 * as often as they like.
 */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'

export class Troubles {
  private readonly clock: Clock
  private readonly log: Log
  private readonly origins = new Set<string>()
  private readonly said = new Map<string, { readonly at: number; unsaid: number }>()

  constructor(clock: Clock, log: Log) {
    this.clock = clock
    this.log = log
  }

  /** Once for each origin. */
  foreign(origin: string, host: string | undefined, forwarded: string | undefined): void {
    if (this.origins.has(origin) || this.origins.size >= processLimits.namedOrigins) return
    this.origins.add(origin)
    const expected = [quoted(host), ...(forwarded === undefined ? [] : [quoted(forwarded)])].join(' or ')
    this.log.warn(
      `A page at ${quoted(origin)} was refused: its requests came for the host ${expected}. If it is a page of this app, a proxy puts a ` +
        'host of its own there: let it pass on Host as the browser sent it, or set X-Forwarded-Host.',
    )
  }

  /** In development. */
  rebound(host: string | undefined): void {
    this.seldom(
      'rebound',
      `A page at the host ${quoted(host)} was refused: in development, another site could let that name point to this machine. If it is yours, add ` +
        'it to allowedDevOrigins in next.config, as for Next itself.',
    )
  }

  /** At most once in a while, as all that follow. */
  crossSite(): void {
    this.seldom(
      'cross-site',
      'A page of another site asked for a connection, as an image, a script or a link, and was refused.',
    )
  }

  full(connections: number): void {
    this.seldom(
      'full',
      `A page was refused, since there are ${connections} connections, the bound "connections", of which a tenth is kept for browsers that were ` +
        'here before. Raise it: limits: { connections }, in the options of the hub.',
    )
  }

  unfinished(address: string, connections: number): void {
    this.seldom(
      'unfinished',
      `${connections} connections of ${quoted(address)} were cut off: they had sent parts of large messages, which took too much memory together.`,
    )
  }

  greedy(address: string | undefined): void {
    this.seldom(
      'greedy',
      `A page was refused, since more than half of the places are taken, and ${quoted(address)} has its share of them. If many visitors share that ` +
        'address, a proxy stands before the server: set addressOf, or raise limits: { connections }, in the options of the hub.',
    )
  }

  flood(address: string | undefined): void {
    this.seldom(
      'flood',
      `${quoted(address)} asks for connections faster than the bounds "handshakesPerSecond" and "handshakeBurst" allow, and was refused. If many ` +
        'visitors share that address, a proxy stands before the server: set addressOf, in the options of the hub.',
    )
  }

  /** A connection that ends since it does what no page does. */
  misused(rule: string, address: string | undefined): void {
    this.seldom(rule, `A connection from ${quoted(address)} ${rule}, and was closed.`)
  }

  /** A page came back without the cookie that its token is bound to. */
  cookieless(): void {
    this.seldom(
      'cookieless',
      'A page came back without the cookie of its browser and begins with a new state (no-cookie). If the app is shown in frames of other sites, ' +
        "set sameSite: 'none', in the options of the hub.",
    )
  }

  forwarded(): void {
    this.once(
      'forwarded',
      'A proxy forwards requests, and the server does not know which header of it to trust, so what is bounded per address is bounded for the ' +
        "address of the proxy or not at all. Set it in the options of the hub: addressOf: ({ headers }) => headers['x-real-ip'].",
    )
  }

  addressOf(): void {
    this.seldom(
      'addressOf',
      'addressOf threw, in the options of the hub. The address of the socket counts for that request.',
    )
  }

  /** A page asks for a websocket first, and polls where it gets none. */
  polling(): void {
    this.seldom(
      'polling',
      'A page has got no websocket and polls, which is slower and costs more. If many do, a proxy takes the header Upgrade away: let it pass ' +
        'on Upgrade and Connection, over HTTP/1.1. "heldstate doctor --url" looks whether a websocket gets through.',
    )
  }

  private once(name: string, sentence: string): void {
    if (!this.said.has(name)) this.seldom(name, sentence)
  }

  /** With how often it happened since the last line, if that was more than this once. */
  private seldom(name: string, sentence: string): void {
    const now = this.clock.now()
    const said = this.said.get(name)
    if (said && now - said.at < processLimits.troublePauseMs) {
      said.unsaid += 1
      return
    }
    this.said.set(name, { at: now, unsaid: 0 })
    const more = said && said.unsaid > 0 ? ` (${said.unsaid} more since the last line about this.)` : ''
    this.log.warn(`${sentence}${more}`)
  }
}

/** Headers are written by strangers: one line, not long. */
const quoted = (header: string | undefined) => (header === undefined ? 'none' : JSON.stringify(header.slice(0, 200)))
