/**
 * The pages of each token, and what the next connection of a page goes on from: the session that it has, or what is left of the one that has
 * ended. That is forgotten after a minute, and with it all that was kept for the page.
 */
import type { Clock } from '../base/clock.js'
import type { Limits } from '../base/limits.js'
import { fixedLimits } from '../base/server-limits.js'
import type { History } from './history.js'

/** What the next session of a page goes on from. */
export interface Earlier {
  readonly history: History
  /** Done when what the page began earlier has ended. */
  readonly busy: Promise<void> | undefined
  /** Ends the connection that the page has still. */
  close?(): void
}

interface PageSession extends Earlier {
  close(): void
}

interface Trace {
  earlier: Earlier
  cancelForget: (() => void) | undefined
}

export class Pages<Session extends PageSession> {
  private readonly byToken = new Map<string, Map<string, Trace>>()
  private readonly clock: Clock
  private readonly limits: Limits

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock
    this.limits = limits
  }

  of(token: string, page: string): Earlier | undefined {
    return this.byToken.get(token)?.get(page)?.earlier
  }

  /** A page has a session from now on. */
  set(token: string, page: string, session: Session): void {
    const pages = this.byToken.get(token) ?? new Map<string, Trace>()
    this.byToken.set(token, pages)
    pages.get(page)?.cancelForget?.()
    pages.delete(page)
    pages.set(page, { earlier: session, cancelForget: undefined })
    const [oldest] = pages.keys()
    if (pages.size > this.limits.rememberedPages && oldest !== undefined) this.forget(token, oldest)
  }

  /** The session of a page has ended: nothing of its connection is kept. `bytes` are those of its state. */
  left(token: string, page: string, session: Session, bytes: number): void {
    const trace = this.byToken.get(token)?.get(page)
    const { history, busy } = session
    if (trace?.earlier !== session) {
      if (trace?.earlier.history !== history) history.clear() // nobody goes on from it: its page was forgotten
      return
    }
    const earlier = { history, busy }
    trace.earlier = earlier
    history.close(bytes)
    trace.cancelForget = this.clock.after(fixedLimits.windowMs, () => {
      const forget = () => {
        if (this.of(token, page) === earlier) this.forget(token, page)
      }
      if (busy) void busy.then(forget)
      else forget()
    })
  }

  /** Forgets all pages. */
  end(): void {
    for (const token of [...this.byToken.keys()]) this.drop(token)
  }

  /** Forgets all pages of a token. */
  drop(token: string): void {
    for (const page of this.byToken.get(token)?.keys() ?? []) this.forget(token, page)
  }

  private forget(token: string, page: string): void {
    const pages = this.byToken.get(token)
    const trace = pages?.get(page)
    trace?.cancelForget?.()
    trace?.earlier.history.clear()
    pages?.delete(page)
    if (pages?.size === 0) this.byToken.delete(token)
  }
}
