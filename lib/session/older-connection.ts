/** The connection of a page of an older protocol: it gets the outcome of each call that waits in it, and is then told to reload. */
import type { Clock } from '../base/clock.js'
import type { Json } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'
import { Version3 } from '../protocol/version-3.js'
import type { Connection } from './connection.js'

/** What it asks of the session of the page. */
export interface OlderSession {
  readonly phase: 'opening' | 'open' | 'closed'
  /** Calls that have settled, and of which the page does not know. */
  readonly unsentSettlements: number
  readonly subscriptions: readonly {
    readonly inbox: { readonly length: number; readonly busy: Promise<void> | undefined }
    readonly calling: { readonly cancelling: number }
  }[]
  farewell(error: HeldStateError, spreadMs: number): void
}

export class OlderConnection implements Connection {
  private readonly connection: Connection
  private readonly writer = new Version3()

  constructor(connection: Connection) {
    this.connection = connection
  }

  get cookies(): string | undefined {
    return this.connection.cookies
  }

  get visitor(): Connection['visitor'] {
    return this.connection.visitor
  }

  get address(): string | undefined {
    return this.connection.address
  }

  get unread(): number {
    return this.connection.unread ?? 0
  }

  get written(): number {
    return this.connection.written ?? 0
  }

  set onTaken(listener: Connection['onTaken']) {
    this.connection.onTaken = listener
  }

  send(name: string, ...args: Json[]): void {
    const written = this.writer.write(name, args)
    if (written) this.connection.send(...written)
  }

  pause(): void {
    this.connection.pause?.()
  }

  resume(): void {
    this.connection.resume?.()
  }

  close(): void {
    this.connection.close()
  }

  abort(): void {
    if (this.connection.abort) this.connection.abort()
    else this.connection.close()
  }
}

/** Tells the page to reload, once its calls have come and have settled. */
export function reloadOlder(session: OlderSession, clock: Clock): void {
  clock.after(processLimits.olderPageMs, () => {
    if (session.phase === 'closed') return
    if (session.phase === 'open' && isQuiet(session)) session.farewell(reload(), 0)
    else reloadOlder(session, clock)
  })
}

/** Nothing that the page has sent waits or runs, and it was sent how all of it settled. */
const isQuiet = ({ unsentSettlements, subscriptions }: OlderSession) =>
  unsentSettlements === 0 &&
  subscriptions.every(({ inbox, calling }) => inbox.length === 0 && !inbox.busy && calling.cancelling === 0)

const reload = () =>
  new HeldStateError(
    'protocol-version',
    'This page is out of date: the server speaks a newer version of the heldstate protocol. All calls were answered. Reload the page.',
  )
