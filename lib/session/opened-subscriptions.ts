/** The subscriptions of one page, as it opens and closes them. A number is never used again. */
import { concealed } from '../base/concealed.js'
import { crowdLimits } from '../base/crowd-limits.js'
import type { HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import type { Limits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import type { Turn } from '../instance/turn.js'
import { tooManyStates } from '../protocol/bounds.js'
import type { Closed, Down } from '../protocol/down.js'
import type { Opening } from '../protocol/opening.js'
import { malformed } from '../protocol/reading.js'
import { tooOften } from './intake.js'
import type { Subscription } from './subscription.js'

export interface OpeningCore {
  readonly limits: Limits
  readonly turn: Pick<Turn, 'giveWayInTurn'>
}

/** The session of the page. */
export interface OpeningSession {
  readonly phase: 'opening' | 'open' | 'closed'
  /** Calls that have settled, and of which the page does not know. */
  readonly unsentSettlements: number
  /** Says the first word over the connection, if that has not been said. */
  greet(): void
  send(message: Down): void
  scheduleFlush(): void
  /** Says why, and closes its connection. */
  farewell(error: HeldStateError, spreadMs: number): void
  /** The page makes another connection. */
  close(): void
}

export interface OpeningParts {
  /** Makes a further subscription. Throws where the page may not watch the state of that address. */
  subscribe(session: OpeningSession, opening: Opening): Subscription
  /** A further subscription is closed, and its session goes on. */
  left(subscription: Subscription): void
}

const none: readonly Closed[] = []

export class OpenedSubscriptions {
  /** That of the tab itself is the first. */
  all: readonly Subscription[] = []
  private readonly core: OpeningCore
  private readonly session: OpeningSession
  private readonly parts: OpeningParts
  /** The highest number so far. */
  private last = -1
  /** Said after the first word. */
  private refused: readonly Closed[] = none
  /** Openings that were refused over this connection. */
  private refusals = 0

  constructor(core: OpeningCore, session: OpeningSession, parts: OpeningParts) {
    this.core = core
    this.session = session
    this.parts = parts
  }

  /** The one with this number; `undefined` if it is closed. Throws if it was never opened. */
  get(number: number): Subscription | undefined {
    if (number === 0) return this.all[0]
    if (number > this.last) throw malformed(`no subscription ${number} was opened`)
    return this.all.find((subscription) => subscription.number === number)
  }

  add(subscription: Subscription): Subscription {
    this.all = this.all.length === 0 ? [subscription] : [...this.all, subscription]
    this.last = subscription.number
    return subscription
  }

  /** A page wants to be sent the state of a further address. */
  open(opening: Opening): void {
    const { number } = opening
    if (number <= this.last) throw malformed(`subscription ${this.last} was opened before ${number}`)
    this.last = number
    try {
      const subscription = this.parts.subscribe(this.session, opening)
      this.begin(subscription, opening).catch((error: unknown) => this.closeWith(subscription, error))
    } catch (error) {
      this.refuse(number, error)
    }
  }

  /** A page does not want to be sent it any more. */
  close(number: number): void {
    if (number === 0) throw malformed('the subscription of the tab cannot be closed')
    const subscription = this.get(number)
    if (subscription) this.remove(subscription)
  }

  /** A further one cannot go on; the others do. */
  closeWith(subscription: Subscription, error: unknown): void {
    if (!this.all.includes(subscription)) return
    this.remove(subscription)
    this.refuse(subscription.number, error)
  }

  /** Loads what the page watches there, and welcomes it or carries it on from where it was. */
  async begin(subscription: Subscription, { watch, leavesOut }: Opening): Promise<void> {
    const { core, session } = this
    while (!(await subscription.load(watch))) {
      if (this.isOver(subscription)) return
      if (subscription.number === 0) return session.close() // the page comes back
      await subscription.pause(processLimits.loadAgainMs)
      if (this.isOver(subscription)) return
    }
    if (this.isOver(subscription)) return
    await core.turn.giveWayInTurn() // the welcomes of many pages go out one by one
    if (this.isOver(subscription)) return
    session.greet()
    this.sayRefused()
    if (leavesOut) subscription.sendError(undefined, tooManyStates(core.limits.watchedStates))
    if (this.isOver(subscription)) return
    subscription.open()
    if (session.unsentSettlements > 0) session.scheduleFlush() // of calls that were refused before the welcome
    subscription.inbox.open()
  }

  private isOver(subscription: Subscription): boolean {
    return this.session.phase === 'closed' || subscription.isClosed
  }

  private refuse(subscription: number, error: unknown): void {
    this.refusals += 1
    if (this.refusals > crowdLimits.unreadableMessages) return this.session.farewell(tooOften(), 0)
    const failure = toFailure(concealed('handler-failed', 'A subscription', error))
    this.refused = [...this.refused, { type: 'closed', subscription, failure }]
    if (this.session.phase === 'open') this.sayRefused()
  }

  private sayRefused(): void {
    if (this.session.phase !== 'open') return
    const { refused } = this
    this.refused = none
    for (const message of refused) this.session.send(message)
  }

  private remove(subscription: Subscription): void {
    this.all = this.all.filter((other) => other !== subscription)
    subscription.close()
    this.parts.left(subscription)
  }
}
