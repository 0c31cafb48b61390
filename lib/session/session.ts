/**
 * The hub's side of one connected page: what belongs to its socket. It hands messages to the subscription that they are about, and sends what its
 * subscriptions have for it, as fast as the page reads.
 */
import type { Failure, HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import { processLimits } from '../base/server-limits.js'
import { unusualBounds } from '../protocol/bounds.js'
import { type Change, type Down, writeDown } from '../protocol/down.js'
import { type Former, type Hello, otherApp } from '../protocol/hello.js'
import { malformed } from '../protocol/reading.js'
import { storeIsAway, storeIsBack } from '../protocol/shared-down.js'
import type { Written } from '../protocol/up.js'
import { Backpressure } from './backpressure.js'
import type { Connection } from './connection.js'
import type { Flushable, FlushScheduler } from './flush-scheduler.js'
import { Intake, type IntakeCore, type IntakeSession } from './intake.js'
import type { MemoryBounds } from './memory-bounds.js'
import { OpenedSubscriptions, type OpeningCore, type OpeningParts } from './opened-subscriptions.js'
import type { Sequence } from './sequence.js'
import type { SubscriptionCore, SubscriptionParts, SubscriptionSession } from './subscription.js'
import { Subscription } from './subscription.js'
import { UnheardReplies } from './unheard-replies.js'

/** What a session asks of the hub. */
export interface SessionCore extends IntakeCore, SubscriptionCore, OpeningCore {
  readonly clock: SubscriptionCore['clock']
  /** The store is out of reach. */
  readonly nodes: { readonly away: boolean }
  readonly memory: MemoryBounds
}

/** What a session is made of. */
export interface SessionParts {
  /** The hub's connections, this one among them. */
  readonly connections: OpeningParts
  readonly connection: Connection
  readonly outbox: FlushScheduler
  /** The random id of the page. */
  readonly pageId: string
  /** What the tab will keep, and say hello with. */
  readonly signed: string
  readonly sequence: Sequence
  /** The last message that the page heard; `undefined` for one that was not here before. */
  readonly lastSeq: number | undefined
  /** The highest id of a call that the page has sent over earlier connections. */
  readonly sent: number
  /** Pages that lived in the tab before it, and whose calls it sends on. */
  readonly formers: readonly Former[]
  /** The page speaks an older protocol: what it says as one of this version. */
  readonly translate?: ((name: unknown, args: readonly unknown[]) => Written) | undefined
}

export class Session implements Flushable, IntakeSession, SubscriptionSession {
  readonly connection: Connection
  readonly pageId: string
  readonly sequence: Sequence
  readonly lastSeq: number | undefined
  readonly sent: number
  readonly formers: readonly Former[]
  readonly texts: boolean
  phase: 'opening' | 'open' | 'closed' = 'opening'
  sentAt = Number.NEGATIVE_INFINITY
  scheduled = false
  scheduledLater = false
  private readonly core: SessionCore
  private readonly outbox: FlushScheduler
  private readonly pressure: Backpressure
  private readonly intake: Intake
  /** Its calls wait until it has read how the ones before them settled. */
  private isHeld = false
  /** The last failure, which is sent once the page reads again. */
  private pendingFailure: Failure | undefined
  private readonly signed: string
  private readonly translate: SessionParts['translate']
  readonly replies: UnheardReplies | undefined
  readonly opened: OpenedSubscriptions
  private app: string | undefined

  constructor(core: SessionCore, parts: SessionParts) {
    const { connection, outbox, pageId, sequence, lastSeq, sent, formers, translate } = parts
    this.core = core
    this.connection = connection
    this.outbox = outbox
    this.pageId = pageId
    this.sequence = sequence
    this.lastSeq = lastSeq
    this.sent = sent
    this.formers = formers
    this.texts = translate === undefined
    this.signed = parts.signed
    this.translate = translate
    this.replies = translate ? undefined : new UnheardReplies()
    this.intake = new Intake(core, this, connection)
    this.pressure = new Backpressure(connection, core, this)
    this.opened = new OpenedSubscriptions(core, this, parts.connections)
  }

  /** Those that stand; that of the tab itself is the first. */
  get subscriptions(): readonly Subscription[] {
    return this.opened.all
  }

  /** The subscription to the tab's own state. */
  get own(): Subscription {
    return this.opened.all[0] as Subscription
  }

  subscription(number: number): Subscription | undefined {
    return this.opened.get(number)
  }

  /** Connects the page to the state of one more instance. */
  add(parts: SubscriptionParts): Subscription {
    return this.opened.add(new Subscription(this.core, this, this.intake, parts))
  }

  /** Opens the subscriptions of a hello; the first has been added. Fails only where that one does. */
  open({ subscriptions: [own, ...others], app }: Pick<Hello, 'subscriptions' | 'app'>): Promise<void> {
    this.app = app
    const begun = this.opened.begin(this.own, own)
    for (const opening of others) this.opened.open(opening)
    return begun
  }

  closeSubscription(subscription: Subscription, error: HeldStateError, spreadMs = 0): void {
    if (subscription === this.own) this.farewell(error, spreadMs)
    else this.opened.closeWith(subscription, error)
  }

  /** The page has heard this message, and all before it. */
  confirm(number: number): void {
    if (number > this.sequence.last) throw malformed(`message ${number} was not sent`)
    for (const { history } of this.subscriptions) history.heard(number)
    if (this.replies?.heard(number, this)) this.intake.drain()
  }

  /** The first word over the connection: once something has been loaded, so that the definitions are. */
  greet(): void {
    if (this.phase !== 'opening') return
    const { limits, nodes, registry } = this.core
    const other = otherApp(this.app, registry.app) // known only now, where the server has just started
    if (other) return this.farewell(other, 0)
    this.phase = 'open'
    this.send({ type: 'hi', token: this.signed, seq: this.sequence.last, bounds: unusualBounds(limits) })
    if (nodes.away) this.notifyStore(false)
  }

  /** A message of the page, or a batch of them, as it came, of so many bytes. */
  receive(name: unknown, args: readonly unknown[], bytes = 0): void {
    const { translate } = this
    if (!translate) return this.intake.receive(name, args, bytes)
    const [now, ...given] = translate(name, args)
    this.intake.receive(now, given, bytes)
  }

  /** Something else has come over the connection, which counts for the rate of the page as well. */
  count(messages: number, bytes: number): void {
    this.intake.count(messages, bytes)
  }

  /** The page has read what it was sent. */
  drained(): void {
    this.flushSoon()
  }

  get isBlocked(): boolean {
    return this.pressure.isBlocked
  }

  isCrowded(now: number): boolean {
    return this.intake.addressRate?.welcomes.isAbove(now) === true
  }

  /** The connection is gone, or is to go. Work that was begun goes on. */
  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    for (const subscription of this.subscriptions) subscription.close()
    this.intake.close()
    this.connection.close()
    this.pressure.close()
  }

  farewell(error: HeldStateError, spreadMs: number): void {
    this.flush()
    if (this.phase !== 'closed') this.send({ type: 'farewell', failure: toFailure(error), spreadMs })
    this.close()
  }

  /** Something to show: at once after a pause or with an answer, else with the next frame. */
  scheduleFlush(): void {
    if (this.phase === 'opening') return // the welcome will show it
    const { clock } = this.core
    if (this.unsentSettlements > 0) this.flushSoon()
    else if (this.scheduled || this.scheduledLater) return
    else if (clock.now() - this.sentAt >= this.outbox.frame) this.outbox.add(this)
    else this.outbox.addLater(this)
  }

  /** Sends at the end of this turn. */
  flushSoon(): void {
    this.outbox.add(this)
  }

  hurry(): boolean {
    return this.outbox.hurry(this)
  }

  /** Calls that have settled, and of which the page does not know. */
  get unsentSettlements(): number {
    let calls = 0
    for (const { settled } of this.subscriptions) calls += settled.length
    return calls
  }

  /** Everything that the page has not seen, and the calls that it settles: of all subscriptions at once, so that nobody sees half of it. */
  flush(): void {
    if (this.phase !== 'open' || this.pressure.isBlocked) return
    const { subscriptions, pendingFailure } = this
    this.pendingFailure = undefined
    if (pendingFailure) this.send({ type: 'failure', subscription: 0, failure: pendingFailure })
    for (const subscription of subscriptions) {
      subscription.catchUp()
      if (this.pressure.isBlocked) return // whole states go out one by one
    }
    const number = this.sequence.last + 1
    const changes: Change[] = []
    for (const subscription of subscriptions) {
      const change = subscription.change(number)
      if (change) changes.push(change)
    }
    if (changes.length > 0) this.sendChanges(changes)
  }

  private sendChanges(changes: readonly Change[]): void {
    this.sequence.next()
    const bytes = this.send({ type: 'delta', changes })
    for (const { subscription, settled } of changes) {
      this.subscription(subscription)?.history.weigh(bytes)
      this.replies?.sent(settled, this.sequence.last)
    }
    if (this.isHeld && !this.pressure.isBlocked && changes.some(({ settled }) => settled.length > 0)) this.release()
  }

  /** The page does not read how its calls settle: further ones wait. */
  onCallSettled(): void {
    const { unsentSettlements } = this
    if (unsentSettlements < processLimits.unreadEnds) return
    if (unsentSettlements > 2 * this.core.limits.callsPerTab) return this.pressure.cut() // it goes on sending over a connection that cannot be paused
    if (this.isHeld) return
    this.isHeld = true
    for (const { inbox } of this.subscriptions) inbox.hold()
    this.intake.readControl.set('unread', true)
  }

  private release(): void {
    this.isHeld = false
    this.intake.readControl.set('unread', false)
    for (const { inbox } of this.subscriptions) inbox.open()
  }

  /** A page that causes many failures, or does not read, gets only the last one. */
  sendFailure(failure: Failure, subscription = 0): void {
    if (this.phase === 'closed') return
    if (this.phase === 'open' && (this.pressure.isBlocked || this.intake.isFast)) {
      this.pendingFailure = failure
      this.outbox.add(this)
    } else this.send({ type: 'failure', subscription, failure })
  }

  /** The store is out of reach, or back. */
  notifyStore(isReachable: boolean): void {
    const { message, text } = isReachable ? storeIsBack : storeIsAway
    if (this.phase === 'open') this.send(message, text)
  }

  /** Definitions are others now. */
  redefined(): void {
    for (const subscription of this.subscriptions) subscription.redefined()
  }

  /** Sends the whole of a state. */
  sendWhole(message: Down): void {
    const bytes = this.send(message)
    if (message.type === 'welcome') this.intake.addressRate?.welcomes.count(bytes, this.core.clock.now())
    else if (message.type === 'resumed') this.subscription(message.subscription)?.history.weigh(bytes)
  }

  /** Gives the bytes that were sent. `text` is that of a message that many pages get. */
  send(message: Down, text?: string): number {
    const { connection } = this
    const { written = 0 } = connection
    if (text !== undefined && connection.sendText) connection.sendText(text)
    else connection.send(...writeDown(message))
    this.pressure.sent()
    return (connection.written ?? 0) - written
  }
}
