/**
 * How the messages of a page come in: parsed, within its bounds, and in its turn. Cancels go ahead of the calls that wait, unless they mean one
 * of them.
 */
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { handlerLimits } from '../base/server-limits.js'
import { stackless } from '../base/stackless.js'
import type { Opening } from '../protocol/opening.js'
import { malformed } from '../protocol/reading.js'
import { callIdOf, parseUp, type SubscriptionUp, type Up, unpack, type Written } from '../protocol/up.js'
import type { AddressRate } from './address-rates.js'
import { CallRate } from './call-rate.js'
import type { CallingCore, CallRunner } from './calling.js'
import type { Connection } from './connection.js'
import type { Drainable, FairShare } from './fair-share.js'
import type { Inbox, InboxHost } from './inbox.js'
import type { MemoryBounds } from './memory-bounds.js'
import { ReadControl } from './read-control.js'

export interface IntakeCore extends CallingCore {
  readonly clock: { now(): number }
  readonly fairShare: FairShare
  readonly memory: Pick<MemoryBounds, 'inboxes'>
}

/** The subscription that a message of a page is about. */
export interface Addressee {
  readonly number: number
  readonly inbox: Inbox
  readonly calling: CallRunner
  /** Sends what was wrong: as the outcome of the call if the message names one, else as a failure of the subscription. */
  sendError(id: number | undefined, error: unknown): void
}

/** The session of the page whose messages come in. */
export interface IntakeSession {
  readonly phase: 'opening' | 'open' | 'closed'
  readonly subscriptions: readonly Addressee[]
  /** That of the tab itself. */
  readonly own: Addressee
  /** Pages before this one in its tab, whose calls it may send on. */
  readonly formers: readonly unknown[]
  /** What it has not heard of what its calls replied. */
  readonly replies: { readonly isFull: boolean } | undefined
  /** `undefined` for one that is closed. Throws for a number that no subscription had. */
  subscription(number: number): Addressee | undefined
  /** Its subscriptions. */
  readonly opened: { open(opening: Opening): void; close(number: number): void }
  /** The page has heard this message. */
  confirm(number: number): void
  /** Says why, and closes its connection. */
  farewell(error: HeldStateError, spreadMs: number): void
}

export class Intake implements Drainable, InboxHost {
  private readonly core: IntakeCore
  private readonly session: IntakeSession
  private readonly connection: Connection
  private madeReadControl: ReadControl | undefined
  private readonly rate: CallRate
  /** Of all pages of its address. */
  readonly addressRate: AddressRate | undefined
  private readonly address: string | undefined
  /** The page sends more than others, or its calls take longer. */
  isFast = false
  /** When it sent something last, in milliseconds of the clock. */
  private countedAt = 0
  private isReceiving = false
  private asked = 0
  /** Messages that could not be read. */
  private unreadable = 0

  constructor(core: IntakeCore, session: IntakeSession, connection: Connection) {
    const { limits } = core
    this.core = core
    this.session = session
    this.connection = connection
    this.rate = new CallRate(limits.callsPerSecond, limits.callsBurst)
    this.address = connection.address
    this.addressRate = core.fairShare.addressRates.enter(this.address)
  }

  /** Made for the first call of the page. */
  get readControl(): ReadControl {
    const { limits, memory } = this.core
    this.madeReadControl ??= new ReadControl(this.connection, limits, memory.inboxes)
    return this.madeReadControl
  }

  /** A message, or a batch of them, as it came, of so many bytes. */
  receive(name: unknown, args: readonly unknown[], bytes: number): void {
    const { session } = this
    let messages: readonly Written[] = none
    try {
      messages = unpack(name, args, this.core.limits)
    } catch (error) {
      this.refuse(session.own, undefined, error)
    }
    this.count(Math.max(1, messages.length), bytes)
    this.isReceiving = true
    for (const { inbox } of session.subscriptions) inbox.coming = messages
    for (const [each, ...given] of messages) this.parseOne(each, given, Math.ceil(bytes / messages.length))
    this.isReceiving = false
    for (const { inbox } of session.subscriptions) inbox.coming = none
    if (this.isFast) this.core.fairShare.spent(this.core.clock.now() - this.countedAt)
  }

  /** Messages have come, of so many bytes together: a page above its rate is not read out of its turn. */
  count(messages: number, bytes: number): void {
    const { clock, fairShare } = this.core
    const now = clock.now()
    this.countedAt = now
    const calls = messages + bytes / handlerLimits.bytesOfCall
    const together = this.addressRate?.calls.count(calls, now) === true
    this.isFast = this.rate.count(calls, now) || together
    if (this.isFast) this.takeTurn()
    else fairShare.quiet(this, now)
  }

  /** Reads one message, unless the session is closed. Sends why where it cannot be read. */
  private parseOne(name: unknown, args: readonly unknown[], bytes: number): void {
    const { session } = this
    if (session.phase === 'closed') return
    try {
      this.route(parseUp(name, args, this.core.limits), bytes)
    } catch (error) {
      this.refuseUnreadable(name, args, error)
    }
  }

  /** Hands a message to the session, or to the subscription that it is about. */
  private route(up: Up, bytes: number): void {
    const { session } = this
    switch (up.type) {
      case 'open':
        return session.opened.open(up)
      case 'close':
        return session.opened.close(up.subscription)
      case 'heard':
        return session.confirm(up.seq)
      default: {
        if ('former' in up && up.former !== undefined && !session.formers[up.former])
          throw malformed(`the hello does not list the former page ${up.former}`)
        const to = session.subscription(up.subscription)
        if (to) this.enqueue(to, up, bytes) // one that is closed: its page has heard so, or will
      }
    }
  }

  /** Puts a message in line, unless too many wait. A cancel that may go ahead runs now. */
  private enqueue(to: Addressee, up: SubscriptionUp, bytes: number): void {
    const { session, readControl } = this
    try {
      const overtakes = up.type === 'cancel' && session.phase === 'open' && !startsLater(to, up)
      if (this.waiting >= this.core.limits.callsPerTab || readControl.refuses(bytes)) return this.refuseSurplus(to, up)
      if (overtakes && this.takeTurn()) return void to.calling.cancel(up)
      to.inbox.add(up, bytes)
    } catch (error) {
      this.refuse(to, 'id' in up ? up.id : undefined, error)
    }
  }

  /** To the caller, where the message names a call of a subscription that stands. */
  private refuseUnreadable(name: unknown, args: readonly unknown[], error: unknown): void {
    const { session } = this
    const { subscription, id } = callIdOf(name, args)
    const to = session.subscriptions.find(({ number }) => number === subscription)
    this.refuse(to ?? session.own, to && id, error)
  }

  /** Calls and cancels of the page that have not settled, but for those that are handled. */
  private get waiting(): number {
    let waiting = 0
    for (const { inbox, calling } of this.session.subscriptions) waiting += inbox.length + calling.cancelling
    return waiting
  }

  /** Sends an error. A page that sends many unreadable messages is closed, since refusing one takes longer than sending it. */
  private refuse(to: Addressee, id: number | undefined, error: unknown): void {
    const { session } = this
    to.sendError(id, error)
    if (isHeldStateError(error) && error.code === 'invalid-message') this.unreadable += 1
    if (this.unreadable > crowdLimits.unreadableMessages && session.phase === 'open') session.farewell(tooOften(), 0)
  }

  /** A page that has not heard what its calls replied waits until it has, if it can be heard to say so. */
  mayRun(): boolean {
    return !(this.session.replies?.isFull && this.readControl.isRead) && this.takeTurn()
  }

  /** Gives true if the page may run a call now. A page above its rate that may not is put in line for its turn, and is not read meanwhile. */
  private takeTurn(): boolean {
    if (!this.isFast && !this.detectLong()) return true
    const { fairShare } = this.core
    if (fairShare.mayRun(this)) return true
    fairShare.wait(this)
    this.readControl.set('turn', true)
    return false
  }

  /** Counts the calls of one message, and sets `isFast` where they take long together, however few they are. */
  private detectLong(): boolean {
    this.asked += 1
    if (!this.isReceiving || this.asked % handlerLimits.callsPerLook !== 0) return false
    this.isFast = this.core.clock.now() - this.countedAt > handlerLimits.stretchMs
    return this.isFast
  }

  /** Calls of so many bytes more wait or run, or less. */
  sized(bytes: number): void {
    this.readControl.count(bytes)
  }

  /** It is this page's turn. */
  drain(): void {
    const { subscriptions } = this.session
    for (const { inbox } of subscriptions) inbox.drain()
    if (!subscriptions.every(({ inbox }) => inbox.isIdle)) return
    this.core.fairShare.leave(this)
    this.readControl.set('turn', false)
  }

  /** The connection is closed. */
  close(): void {
    this.core.fairShare.addressRates.leave(this.address)
    this.madeReadControl?.close()
    this.core.fairShare.leave(this)
  }

  private refuseSurplus(to: Addressee, up: SubscriptionUp): void {
    if (up.type === 'resync') return to.inbox.has(({ type }) => type === 'resync') ? undefined : to.inbox.add(up)
    const refuse = () => {
      throw surplus
    }
    if (up.type === 'watch' || up.type === 'wait') throw surplus
    void this.core.tracked(to.calling.once(up, refuse, true))
  }
}

const none: readonly never[] = []

/** A cancel does not wait behind a long event, but it must not overtake the start that it means. */
const startsLater = ({ inbox }: Addressee, { definition, task }: { definition: string; task: string }) =>
  inbox.has((up) => up.type === 'call' && up.definition === definition && up.member === task)

/** One for all: its words are the same each time, so that refused neighbours are remembered as one. */
const surplus = stackless(
  () =>
    new HeldStateError(
      'inbox-full',
      'Too many calls of this tab are pending (limits "callsPerTab" and "inboxBytes"). Await them before making more.',
    ),
)

export const tooOften = (): HeldStateError =>
  new HeldStateError('invalid-message', 'The page sent too many malformed messages; closing its connection.')
