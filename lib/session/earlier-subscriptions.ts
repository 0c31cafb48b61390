/**
 * What the next subscription of a page to a token goes on from: the subscription that the page has, or what is left of the one that is closed.
 * What is left is forgotten after a minute, and with it all that was kept for the page there.
 */
import type { Clock } from '../base/clock.js'
import type { Limits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import type { ReplayWindow } from './replay-window.js'

/** What the next subscription of a page to the same token goes on from. */
export interface EarlierSubscription {
  readonly history: ReplayWindow
  /** Done when what the page began earlier has settled. */
  readonly busy: Promise<void> | undefined
  /** Closes the connection that the page has still. */
  closeConnection?(): void
}

interface Present extends EarlierSubscription {
  closeConnection(): void
}

interface Trace {
  readonly pageId: string
  earlier: EarlierSubscription
  cancelForget: (() => void) | undefined
}

export class EarlierSubscriptions<Subscribed extends Present> {
  /** The oldest first. */
  private readonly byToken = new Map<string, Trace[]>()
  private readonly clock: Clock
  private readonly limits: Limits

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock
    this.limits = limits
  }

  of(token: string, pageId: string): EarlierSubscription | undefined {
    return this.traceOf(token, pageId)?.earlier
  }

  /** A page has this subscription from now on. */
  set(token: string, pageId: string, subscription: Subscribed): void {
    this.traceOf(token, pageId)?.cancelForget?.()
    const others = this.byToken.get(token)?.filter((trace) => trace.pageId !== pageId) ?? []
    const [oldest] = others
    this.byToken.set(token, [...others, { pageId, earlier: subscription, cancelForget: undefined }])
    if (oldest && others.length === this.limits.rememberedPages) this.forget(token, oldest.pageId)
  }

  /** The subscription of a page is closed: nothing of its connection is kept. `bytes` are those of its state. */
  left(token: string, pageId: string, subscription: Subscribed, bytes: number): void {
    const trace = this.traceOf(token, pageId)
    const { history, busy } = subscription
    if (trace?.earlier !== subscription) {
      if (trace?.earlier.history !== history) history.clear() // nobody goes on from it: its page was forgotten
      return
    }
    const earlier = { history, busy }
    trace.earlier = earlier
    history.close(bytes)
    trace.cancelForget = this.clock.after(processLimits.windowMs, () => {
      const forget = () => {
        if (this.of(token, pageId) === earlier) this.forget(token, pageId)
      }
      if (busy) void busy.then(forget)
      else forget()
    })
  }

  /** Forgets all pages. */
  clear(): void {
    for (const token of [...this.byToken.keys()]) this.drop(token)
  }

  /** Forgets all pages of a token. */
  drop(token: string): void {
    for (const { pageId } of this.byToken.get(token) ?? []) this.forget(token, pageId)
  }

  private traceOf(token: string, pageId: string): Trace | undefined {
    return this.byToken.get(token)?.find((trace) => trace.pageId === pageId)
  }

  private forget(token: string, pageId: string): void {
    const trace = this.traceOf(token, pageId)
    trace?.cancelForget?.()
    trace?.earlier.history.clear()
    const others = this.byToken.get(token)?.filter((other) => other !== trace) ?? []
    if (others.length > 0) this.byToken.set(token, others)
    else this.byToken.delete(token)
  }
}
