/**
 * What goes wrong with connections before there is a tab to tell, as lines for the operator: few, since anybody can knock
 * as often as they like.
 */
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/limits.js'
import type { Log } from '../base/log.js'

export class Troubles {
  private readonly clock: Clock
  private readonly log: Log
  private readonly origins = new Set<string>()
  private readonly saidAt = new Map<string, number>()

  constructor(clock: Clock, log: Log) {
    this.clock = clock
    this.log = log
  }

  /** Once for each origin. */
  foreign(origin: string, host: string | undefined, forwarded: string | undefined): void {
    if (this.origins.has(origin) || this.origins.size >= fixedLimits.namedOrigins) return
    this.origins.add(origin)
    const expected = [quoted(host), ...(forwarded === undefined ? [] : [quoted(forwarded)])].join(' or ')
    this.log.warn(
      `A page at ${quoted(origin)} was refused: its requests came for the host ${expected}. If it is a page of this app, a proxy puts a ` +
        'host of its own there: let it pass on Host as the browser sent it, or set X-Forwarded-Host.',
    )
  }

  /** At most once in a while. */
  full(connections: number): void {
    this.seldom(
      'full',
      `A page was refused, since there are ${connections} connections, the bound "connections". Raise it: limits: { connections }, in the ` +
        'options of the hub.',
    )
  }

  /** A page asks for a websocket first, and polls where it gets none. At most once in a while. */
  polling(): void {
    this.seldom(
      'polling',
      'A page has got no websocket and polls, which is slower and costs more. If many do, a proxy takes the header Upgrade away: let it pass ' +
        'on Upgrade and Connection, over HTTP/1.1. "heldstate doctor --url" looks whether a websocket gets through.',
    )
  }

  private seldom(name: string, sentence: string): void {
    const now = this.clock.now()
    if (now - (this.saidAt.get(name) ?? Number.NEGATIVE_INFINITY) < fixedLimits.troublePauseMs) return
    this.saidAt.set(name, now)
    this.log.warn(sentence)
  }
}

/** Headers are written by strangers: one line, not long. */
const quoted = (header: string | undefined) => (header === undefined ? 'none' : JSON.stringify(header.slice(0, 200)))
