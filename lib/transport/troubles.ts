/**
 * What goes wrong with connections before there is a tab to tell, as lines for the operator: few, since anyone can knock
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
      `A page at ${quoted(origin)} was rejected: its requests name the host ${expected}. If it is a page of this app, a proxy changes the Host header: configure ` +
        'it to forward Host unchanged, or to set X-Forwarded-Host.',
    )
  }

  /** In development. */
  rebound(host: string | undefined): void {
    this.seldom(
      'rebound',
      `A page at the host ${quoted(host)} was rejected: in development, another site could point that name at this machine. ` +
        'If the host is yours, add it to allowedDevOrigins in next.config.',
    )
  }

  /** At most once in a while, as all that follow. */
  crossSite(): void {
    this.seldom(
      'cross-site',
      'A connection from another site was rejected; it was requested as an image, a script or a link.',
    )
  }

  full(connections: number): void {
    this.seldom(
      'full',
      `A page was rejected: there are ${connections} connections (limit "connections", of which 10 % is reserved for returning browsers). ` +
        'Raise it in the options of the hub: limits: { connections }.',
    )
  }

  unfinished(address: string, connections: number): void {
    this.seldom(
      'unfinished',
      `${connections} connections of ${quoted(address)} were closed: their unfinished messages together took too much memory.`,
    )
  }

  greedy(address: string | undefined): void {
    this.seldom(
      'greedy',
      `A page was rejected: more than half of all connections are in use, and ${quoted(address)} has used its share. If many visitors share that address, the server is behind a proxy: ` +
        'set addressOf or raise limits: { connections } in the options of the hub.',
    )
  }

  flood(address: string | undefined): void {
    this.seldom(
      'flood',
      `${quoted(address)} connects faster than the limits "handshakesPerSecond" and "handshakeBurst" allow, and was rejected. If many visitors ` +
        'share that address, the server is behind a proxy: set addressOf in the options of the hub.',
    )
  }

  /** A connection that is closed since it does what no page does. */
  misused(rule: string, address: string | undefined): void {
    this.seldom(rule, `A connection from ${quoted(address)} ${rule} and was closed.`)
  }

  /** A page came back without the cookie that its token is bound to. */
  cookieless(): void {
    this.seldom(
      'cookieless',
      'A page reconnected without its browser cookie and starts with a new state (no-cookie). If other ' +
        "sites embed the app in frames, set sameSite: 'none' in the options of the hub.",
    )
  }

  forwarded(): void {
    this.once(
      'forwarded',
      'A proxy forwards requests, but addressOf is not set, so limits per address apply ' +
        "to the proxy or not at all. Set it in the options of the hub: addressOf: ({ headers }) => headers['x-real-ip'].",
    )
  }

  addressOf(): void {
    this.seldom('addressOf', 'addressOf in the options of the hub threw. That request uses the address of the socket.')
  }

  /** A page asks for a websocket first, and polls where it gets none. */
  polling(): void {
    this.seldom(
      'polling',
      'A page uses long polling instead of a WebSocket, which is slower and costs more. If many pages do, a proxy removes the Upgrade header: ' +
        'configure it to forward Upgrade and Connection over HTTP/1.1. Run "heldstate doctor --url" to check.',
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
    const more = said && said.unsaid > 0 ? ` (${said.unsaid} more since the last such line.)` : ''
    this.log.warn(`${sentence}${more}`)
  }
}

/** Headers are written by strangers: one line, not long. */
const quoted = (header: string | undefined) => (header === undefined ? 'none' : JSON.stringify(header.slice(0, 200)))
