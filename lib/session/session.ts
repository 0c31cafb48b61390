/**
 * The hub's side of one connected page: what belongs to its socket. It hands messages to the subscription that they are about, and sends what its
 * subscriptions have for it, as fast as the page reads.
 */
import type { Failure, HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import { fixedLimits } from '../base/server-limits.js'
import type { Turn } from '../instance/turn.js'
import { tooManyStates, unusualBounds } from '../protocol/bounds.js'
import { type Down, writeDown } from '../protocol/down.js'
import { type Hello, otherApp } from '../protocol/up.js'
import { Backpressure } from './backpressure.js'
import type { Connection } from './connection.js'
import type { Flushable, FlushScheduler } from './flush-scheduler.js'
import { Intake, type IntakeCore, type IntakePage } from './intake.js'
import type { MemoryBounds } from './memory-bounds.js'
import {
  Subscription,
  type SubscriptionCore,
  type SubscriptionParts,
  type SubscriptionSession,
} from './subscription.js'

/** What a session asks of the hub. */
export interface SessionCore extends IntakeCore, SubscriptionCore {
  readonly clock: SubscriptionCore['clock']
  /** The store is out of reach. */
  readonly nodes: { readonly away: boolean }
  readonly memory: MemoryBounds
  readonly turn: Pick<Turn, 'giveWayInTurn'>
}

/** What a session is made of. */
export interface SessionParts {
  readonly connection: Connection
  readonly outbox: FlushScheduler
  /** The random id of the page. */
  readonly page: string
  /** What the tab will keep, and say hello with. */
  readonly signed: string
}

export class Session implements Flushable, IntakePage, SubscriptionSession {
  readonly connection: Connection
  readonly page: string
  readonly signed: string
  phase: 'opening' | 'open' | 'closed' = 'opening'
  readonly subscriptions: Subscription[] = []
  sentAt = Number.NEGATIVE_INFINITY
  scheduled = false
  scheduledLater = false
  private readonly core: SessionCore
  private readonly outbox: FlushScheduler
  private readonly pressure: Backpressure
  private readonly intake: Intake
  /** Its calls wait until it has read how the ones before them ended. */
  private isHeld = false
  /** The last failure for the page, which is sent after the page has caught up. */
  private untold: Failure | undefined
  /** The subscription that is sent first: after one that a page had to read, another's turn comes. */
  private next = 0

  constructor(core: SessionCore, { connection, outbox, page, signed }: SessionParts) {
    this.core = core
    this.connection = connection
    this.outbox = outbox
    this.page = page
    this.signed = signed
    this.intake = new Intake(core, this, connection)
    this.pressure = new Backpressure(connection, core, this)
  }

  /** The subscription to the tab's own state. */
  get own(): Subscription {
    return this.subscriptions[0] as Subscription
  }

  /** A further connection to the state of a token. */
  subscribe(parts: Omit<SubscriptionParts, 'number'>): Subscription {
    const subscription = new Subscription(this.core, this, this.intake, {
      ...parts,
      number: this.subscriptions.length,
    })
    this.subscriptions.push(subscription)
    return subscription
  }

  /** Loads what the page watches, and welcomes it or carries it on from where it was. */
  async open({ watch, leavesOut, app }: Pick<Hello, 'watch' | 'leavesOut' | 'app'>): Promise<void> {
    const { core, own } = this
    await own.load(watch)
    if (this.isEnded) return
    const other = otherApp(app, core.registry.app) // known only now, where the server has just started
    if (other) return this.farewell(other, 0)
    await core.turn.giveWayInTurn() // the welcomes of many pages go out one by one
    if (leavesOut) own.refuse(undefined, tooManyStates(core.limits.watchedStates))
    if (this.isEnded) return
    this.phase = 'open'
    own.open(unusualBounds(core.limits))
    if (core.nodes.away) this.notifyStore(true)
    if (this.unsaid > 0) this.changed() // of calls that were refused before the welcome
    own.inbox.open()
  }

  private get isEnded(): boolean {
    return this.phase === 'closed'
  }

  /** A message of the page about one of its subscriptions, or a batch of them, as it came, of so many bytes. */
  receive(name: unknown, args: readonly unknown[], bytes = 0, about: Subscription = this.own): void {
    this.intake.receive(name, args, bytes, about)
  }

  /** Something else has come over the connection, which counts for the rate of the page as well. */
  count(messages: number, bytes: number): void {
    this.intake.count(messages, bytes)
  }

  /** The page has read what it was sent. */
  drained(): void {
    this.outbox.add(this)
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
    for (const subscription of this.subscriptions) subscription.end()
    this.intake.end()
    this.connection.close()
    this.pressure.end()
  }

  farewell(error: HeldStateError, spreadMs: number): void {
    this.flush()
    if (this.phase !== 'closed') this.send({ type: 'farewell', failure: toFailure(error), spreadMs })
    this.close()
  }

  /** Something to show: at once after a pause or with an answer, else with the next frame. */
  changed(): void {
    if (this.phase === 'opening') return // the welcome will show it
    const { clock, limits } = this.core
    if (this.unsaid > 0) this.outbox.add(this)
    else if (this.scheduled || this.scheduledLater) return
    else if (clock.now() - this.sentAt >= limits.frameMs) this.outbox.add(this)
    else this.outbox.addLater(this)
  }

  /** Sends at the end of this turn. */
  flushSoon(): void {
    this.outbox.add(this)
  }

  hurry(): boolean {
    return this.outbox.hurry(this)
  }

  /** Calls that have ended, and of which the page does not know. */
  private get unsaid(): number {
    let unsaid = 0
    for (const { settled } of this.subscriptions) unsaid += settled.length
    return unsaid
  }

  /** Everything that the page has not seen, and the calls that it settles. A page that reads slowly is sent its subscriptions in turn. */
  flush(): void {
    if (this.phase !== 'open' || this.pressure.isBlocked) return
    const { subscriptions, untold } = this
    this.untold = undefined
    if (untold) this.send({ type: 'failure', failure: untold })
    let hasSettled = false
    for (let count = 0; count < subscriptions.length; count += 1) {
      if (count > 0 && this.pressure.isBlocked) return
      const subscription = subscriptions[this.next % subscriptions.length] as Subscription
      this.next = (this.next + 1) % subscriptions.length
      if (subscription.flush()) hasSettled = true
    }
    if (this.isHeld && hasSettled && !this.pressure.isBlocked) this.release()
  }

  /** The page does not read how its calls end: further ones wait. */
  hold(): void {
    const { unsaid } = this
    if (unsaid < fixedLimits.unreadEnds) return
    if (unsaid > 2 * this.core.limits.callsPerTab) return this.pressure.cut() // it goes on sending over a connection that cannot be paused
    if (this.isHeld) return
    this.isHeld = true
    for (const { inbox } of this.subscriptions) inbox.hold()
    this.intake.pace.set('unread', true)
  }

  private release(): void {
    this.isHeld = false
    this.intake.pace.set('unread', false)
    for (const { inbox } of this.subscriptions) inbox.open()
  }

  /** A page that causes many failures, or does not read, gets only the last one. */
  tell(failure: Failure): void {
    if (this.phase === 'closed') return
    if (this.phase === 'open' && (this.pressure.isBlocked || this.intake.isFast)) {
      this.untold = failure
      this.outbox.add(this)
    } else this.send({ type: 'failure', failure })
  }

  /** The store is out of reach, or back. */
  notifyStore(stalled: boolean): void {
    if (this.phase === 'open') this.send({ type: 'stalled', stalled })
  }

  /** A failure that belongs to no call of the page. */
  fault(error: unknown): void {
    this.own.fault(error)
  }

  /** Definitions are others now. */
  redefined(): void {
    for (const subscription of this.subscriptions) subscription.redefined()
  }

  say(message: Down, { history, number }: Subscription): void {
    const bytes = this.send(message, number)
    if (message.type === 'delta') history.weigh(bytes)
    if (message.type === 'welcome') this.intake.addressRate?.welcomes.count(bytes, this.core.clock.now())
  }

  /** Gives the bytes that were sent. A message about a further subscription carries its number; no page can ask for one yet. */
  private send(message: Down, number = 0): number {
    const { written = 0 } = this.connection
    const [name, ...args] = writeDown(message)
    if (number === 0) this.connection.send(name, ...args)
    else this.connection.send('sub', number, name, ...args)
    const bytes = (this.connection.written ?? 0) - written
    this.pressure.sent()
    return bytes
  }
}
