/**
 * A page's connection to the state of one token: which states it watches, what it was sent of them, and the order of its calls. What belongs to
 * the socket, such as its pressure and its rates, is the session's.
 */
import type { Clock } from '../base/clock.js'
import { concealed } from '../base/concealed.js'
import type { Failure, HeldStateError } from '../base/errors.js'
import { after, concluded, type Eventually } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import type { Log } from '../base/log.js'
import { finished, type Running } from '../calls/call-order.js'
import { callerFaults, reportFault } from '../instance/error-reporting.js'
import type { Instance } from '../instance/instance.js'
import { LoadError } from '../instance/load-error.js'
import type { Watcher } from '../instance/watchers.js'
import type { Change, Down, Settlement } from '../protocol/down.js'
import type { Former } from '../protocol/hello.js'
import type { Opening } from '../protocol/opening.js'
import type { SubscriptionUp } from '../protocol/up.js'
import { isStale } from '../store/errors.js'
import { type CallingCore, type CallingSubscription, CallRunner } from './calling.js'
import { ChangeFeed } from './change-feed.js'
import type { Connection } from './connection.js'
import { devStackOf } from './dev-stack.js'
import type { EarlierSubscription } from './earlier-subscriptions.js'
import { Inbox, type InboxHost, type InboxSubscription } from './inbox.js'
import { type LoadingCore, load } from './loading.js'
import type { ReplayMemory } from './replay-memory.js'
import { ReplayWindow } from './replay-window.js'
import { Resync } from './resync.js'
import { RunWaits, type WaitingSubscription } from './run-waits.js'
import type { Sequence } from './sequence.js'
import { Watching, type WatchingCore } from './watching.js'

/** What a subscription asks of the hub. */
export interface SubscriptionCore extends CallingCore, LoadingCore, WatchingCore {
  readonly clock: Clock
  readonly log: Log
  readonly memory: { readonly windows: ReplayMemory }
}

/** The session that it is part of, and with it the socket that it shares with others. */
export interface SubscriptionSession {
  readonly phase: 'opening' | 'open' | 'closed'
  readonly pageId: string
  readonly connection: Connection
  readonly sequence: Sequence
  /** The last message that the page heard; `undefined` for one that was not here before. */
  readonly lastSeq: number | undefined
  readonly formers: readonly Former[]
  /** The page knows splices of texts. */
  readonly texts: boolean
  /** When it sent last, in milliseconds of the clock. */
  readonly sentAt: number
  /** The page has left so much unread that it is to be sent nothing further. */
  readonly isBlocked: boolean
  /** The pages of its address ask for the whole state too often. */
  isCrowded(now: number): boolean
  sendWhole(message: Down): void
  /** Sends what was wrong, where that settles no call. */
  sendFailure(failure: Failure, subscription: number): void
  scheduleFlush(): void
  /** Sends at the end of this turn. */
  flushSoon(): void
  hurry(): boolean
  readonly replies: CallingSubscription['session']['replies']
  readonly sent: number
  /** One more call has settled. */
  onCallSettled(): void
  /** A subscription cannot go on. */
  closeSubscription(subscription: Subscription, error: HeldStateError, spreadMs?: number): void
  close(): void
}

export interface SubscriptionParts {
  /** As the page asks for it. Its number is 0 for the tab's own state. */
  readonly opening: Pick<Opening, 'number' | 'address' | 'began'>
  readonly instance: Instance
  /** What the same page had before. */
  readonly earlier: EarlierSubscription | undefined
  /** Done when what the page, or one before it in its tab, has begun has settled. */
  readonly busy: Promise<void> | undefined
  /** Given to a duplicated tab: the token whose state it begins with. */
  readonly original: string | undefined
}

export class Subscription
  implements Watcher, CallingSubscription, InboxSubscription, EarlierSubscription, WaitingSubscription
{
  readonly number: number
  readonly address: Opening['address']
  readonly began: Opening['began']
  readonly instance: Instance
  readonly session: SubscriptionSession
  readonly pageId: string
  readonly formers: readonly Former[]
  readonly inbox: Inbox
  readonly calling: CallRunner
  /** Calls that have settled, and are not said yet. */
  settled: Settlement[] = []
  private readonly core: SubscriptionCore
  private readonly original: string | undefined
  private readonly feed: ChangeFeed
  private readonly watching: Watching
  /** Made when the page first asks for the whole of it. */
  private resync: Resync | undefined
  /** Made for the first run that the page waits for. */
  private waits: RunWaits | undefined
  private isOpen = false
  /** The page has to be sent the whole of it, or what it missed. */
  private isDue = false
  isClosed = false
  private endPause: (() => void) | undefined

  constructor(
    core: SubscriptionCore,
    session: SubscriptionSession,
    intake: InboxHost,
    { opening: { number, address, began }, instance, earlier, busy, original }: SubscriptionParts,
  ) {
    this.core = core
    this.session = session
    this.number = number
    this.address = address
    this.began = began
    this.instance = instance
    this.original = original
    const { sequence, pageId, formers, texts } = session
    this.pageId = pageId
    this.formers = formers
    const known = earlier?.history
    const history = known?.sequence === sequence ? known : new ReplayWindow(core.limits, sequence, core.memory.windows)
    const pages = formers.length === 0 ? [pageId] : [pageId, ...formers.map((former) => former.page)]
    this.feed = new ChangeFeed({ instance, registry: core.registry, pages, history, number, texts })
    this.watching = new Watching(core, instance, this.feed, this)
    instance.watchers.add(this) // first: closing the earlier one may say at once that it has gone
    earlier?.closeConnection?.()
    history.open()
    this.inbox = new Inbox(busy, this, intake, number) // calls run in order, also those that the page sends again
    this.calling = new CallRunner(core, this)
  }

  get sentAt(): number {
    return this.session.sentAt
  }

  get history(): ReplayWindow {
    return this.feed.history
  }

  /** Done when what the page has begun has settled. */
  get busy(): Promise<void> | undefined {
    return this.inbox.busy
  }

  /** The page, or one before it in its tab, had a connection before this one, and it may send a call again. */
  get isReconnect(): boolean {
    return this.session.lastSeq !== undefined || this.formers.length > 0
  }

  /** Loads the states with these ids. Gives false where that is to be tried again. The session is closed where it cannot go on. */
  load(ids: readonly string[]): Promise<boolean> {
    const { original, watching, session } = this
    return load(this.core, this, { ids, original, connection: session.connection, watching })
  }

  /** Waits before it is loaded once more, or until it is closed. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.core.clock.after(ms, resolve)
      this.endPause = () => resolve(cancel())
    })
  }

  /** Welcomes the page, or carries it on from where it was, as soon as it has read what it was sent before. */
  open(): void {
    this.isOpen = true
    this.isDue = true
    if (this.session.isBlocked) this.session.scheduleFlush()
    else this.begin()
  }

  private begin(): void {
    const { feed, session } = this
    this.isDue = false
    const mark = feed.rewind(session.lastSeq)
    session.sendWhole(mark ? feed.resumed(mark) : feed.welcome())
  }

  close(): void {
    this.isClosed = true
    this.endPause?.()
    this.inbox.close()
    this.watching.close()
    this.resync?.close()
    this.waits?.close()
    this.instance.watchers.delete(this)
  }

  /** This subscription cannot go on: its page hears why. */
  closeWith(error: HeldStateError, spreadMs?: number): void {
    this.session.closeSubscription(this, error, spreadMs)
  }

  changed(): void {
    this.waits?.look()
    if (this.isOpen) this.session.scheduleFlush()
  }

  hurry(): boolean {
    return this.session.hurry()
  }

  closeConnection(): void {
    this.session.close()
  }

  /** Sends the whole of it, where the page needs that before it can be sent what changes. */
  catchUp(): void {
    const { feed, session } = this
    if (!this.isOpen) return
    if (this.isDue) return this.begin()
    if (this.resync?.takeDue(session) || feed.isOther) session.sendWhole(feed.welcome())
  }

  /** Everything that the page has not seen, and the calls that it settles, for the message of this number. */
  change(number: number): Change | undefined {
    if (!this.isOpen || this.isDue) return undefined
    this.waits?.look()
    const change = this.feed.change(this.settled, number)
    if (change) this.settled = []
    return change
  }

  handle(up: SubscriptionUp): Eventually<Running> {
    switch (up.type) {
      case 'call':
        return this.calling.call(up)
      case 'cancel':
        return this.calling.cancel(up)
      case 'wait':
        this.waits ??= new RunWaits(this, this.core.limits, () => this.core.refresh(this.instance))
        return this.waits.add(up)
      case 'watch':
        return this.answer(up.id, () => this.watching.add(up.definition, up.position))
      case 'resync':
        this.resync ??= new Resync(this.core.clock)
        this.resync.ask()
        this.session.scheduleFlush()
        return finished
    }
  }

  callSucceeded(id: number, reply?: Settlement['reply']): void {
    this.settle({ id, reply })
  }

  callFailed(id: number, error: unknown): void {
    this.sendError(id, error)
  }

  logFailure(error: unknown, early: boolean): void {
    if (!early) reportFault(this.core.log, error, callerFaults, this.instance.token)
  }

  private answer(id: number, work: () => Eventually<void>): Eventually<Running> {
    const failed = (error: unknown) => this.sendError(id, error)
    const settled = concluded(work, () => this.settle({ id }), failed)
    return after(this.core.tracked(settled), () => finished)
  }

  settle(settlement: Settlement): void {
    if (this.session.phase === 'closed') return
    this.settled.push(settlement)
    if (this.session.isBlocked) this.session.onCallSettled()
    this.changed()
  }

  /** Sends what was wrong: as the outcome of the call where the message names one, else as a failure of this subscription. */
  sendError(id: number | undefined, thrown: unknown): void {
    const { session } = this
    const error: unknown = concealed('handler-failed', 'What a page asked for', thrown)
    if (error !== thrown) this.logFailure(error, false)
    if (isStale(error)) return session.close() // the page comes back, here or there, and sends again what has not settled
    // a retried call may already have taken effect, so do not report it as failed
    if (this.isReconnect && error instanceof LoadError && error.token === this.instance.token) return session.close()
    const failure = { ...toFailure(error as HeldStateError), ...devStackOf(error) }
    if (id !== undefined) this.settle({ id, failure })
    else session.sendFailure(failure, this.number)
  }

  /** In development, sends the page a failure that belongs to none of its calls. */
  showInDevelopment(error: unknown): void {
    if (this.session.phase === 'open' && process.env.NODE_ENV === 'development') this.sendError(undefined, error)
  }

  redefined(): void {
    this.watching.redefined((error) => this.sendError(undefined, error))
  }
}
