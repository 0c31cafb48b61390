/**
 * A session is the hub's side of one connected tab: it takes the tab's messages one after the other, settles its calls,
 * and sends what its feed has for it.
 */
import type { Clock } from '../base/clock.js'
import { concealed } from '../base/concealed.js'
import type { Failure, HeldStateError } from '../base/errors.js'
import { after, concluded, type Eventually, rescued } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import type { Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import { finished, type Running } from '../calls/in-order.js'
import { callerFaults, reportFault } from '../instance/error-reporting.js'
import { forgotten } from '../instance/forgotten.js'
import type { Instance, Watcher } from '../instance/instance.js'
import { StateUnknown } from '../instance/load-error.js'
import type { Turn } from '../instance/turn.js'
import { tooManyStates, unusualBounds } from '../protocol/bounds.js'
import { type Settlement, writeDown } from '../protocol/down.js'
import { type Hello, otherApp, type Up } from '../protocol/up.js'
import { isStale } from '../store/errors.js'
import { Backpressure } from './backpressure.js'
import { Calling, type CallingPage } from './calling.js'
import type { Connection } from './connection.js'
import { trailOf } from './dev-stack.js'
import type { Outbox, Sender } from './flush-scheduler.js'
import { Inbox, type InboxPage } from './inbox.js'
import { Intake, type IntakeGround, type IntakePage } from './intake.js'
import type { Earlier } from './latest-sessions.js'
import type { MemoryBounds } from './memory-bounds.js'
import { isTooFast } from './new-tabs.js'
import type { Originals } from './originals.js'
import { History } from './replay-window.js'
import { Resync } from './resync.js'
import { Feed } from './sync.js'
import { tooManyUnknown, Watching, type WatchingGround } from './watching.js'

/** What a session asks of the hub. */
export interface SessionGround extends IntakeGround, WatchingGround {
  readonly clock: Clock
  readonly log: Log
  /** The store is out of reach. */
  readonly nodes: { readonly away: boolean }
  readonly memory: MemoryBounds
  readonly turn: Pick<Turn, 'giveWayInTurn'>
  /** Asks the store what it has of an instance, also where another process may have changed it. */
  refresh(instance: Instance): Eventually<void>
  readonly originals: Pick<Originals, 'lend'>
}

/** What a session is made of. */
export interface SessionParts {
  readonly instance: Instance
  readonly connection: Connection
  readonly outbox: Outbox
  readonly hello: Hello
  /** What the tab will keep, and say hello with. */
  readonly signed: string
  /** What the same page had before. */
  readonly earlier: Earlier | undefined
  /** Given to a duplicated tab: the token whose state it begins with. */
  readonly original: string | undefined
}

export class Session implements Watcher, Sender, CallingPage, InboxPage, IntakePage, Earlier {
  readonly instance: Instance
  private readonly ground: SessionGround
  readonly connection: Connection
  private readonly outbox: Outbox
  readonly inbox: Inbox
  private settled: Settlement[] = []
  readonly page: string
  private readonly heard: number | undefined
  private readonly signed: string
  private readonly original: string | undefined
  private readonly feed: Feed
  sentAt = Number.NEGATIVE_INFINITY
  sending = false
  sendingLater = false
  phase: 'opening' | 'open' | 'closed' = 'opening'
  private readonly resync: Resync
  private readonly pressure: Backpressure
  private readonly intake: Intake
  /** Its calls wait until it has read how the ones before them ended. */
  private held = false
  /** What it is to be told once it has read what it was sent. */
  private untold: Failure | undefined
  readonly calling: Calling
  private readonly watching: Watching

  constructor(ground: SessionGround, { instance, connection, outbox, hello, signed, earlier, original }: SessionParts) {
    this.ground = ground
    this.instance = instance
    this.connection = connection
    this.outbox = outbox
    this.page = hello.page
    this.heard = hello.heard
    this.signed = signed
    this.original = original
    const { clock, limits, registry } = ground
    const start = Number.parseInt(clock.id().slice(0, 10), 16)
    const history = earlier?.history ?? new History(limits, start, ground.memory.windows)
    this.feed = new Feed(instance, registry, hello.page, history)
    this.watching = new Watching(ground, instance, this.feed, this)
    instance.watchers.add(this) // first: closing the earlier one may say at once that it has gone
    earlier?.close?.()
    history.open()
    this.intake = new Intake(ground, this, connection)
    this.inbox = new Inbox(earlier?.busy, this, this.intake) // calls run in order, also those that the page sends again
    this.calling = new Calling(ground, this)
    this.pressure = new Backpressure(connection, ground, this)
    this.resync = new Resync(clock)
  }

  /** The page had a connection before this one. */
  get wasHere(): boolean {
    return this.heard !== undefined
  }

  get history(): History {
    return this.feed.history
  }

  /** Done when what the page has begun has ended. */
  get busy(): Promise<void> | undefined {
    return this.inbox.busy
  }

  /** Loads what the tab watches, and welcomes it or carries it on from where it was. */
  async open({ watch, leavesOut, app }: Pick<Hello, 'watch' | 'leavesOut' | 'app'>): Promise<void> {
    const { heard, original, instance, connection } = this
    const tell = (error: unknown) => this.refuse(undefined, error)
    await rescued(
      () => this.ground.refresh(this.instance),
      (error) => (this.wasHere ? this.close() : tell(error)), // it has more to show than nothing, and comes back
    )
    if (instance.forgotten) return this.farewell(forgotten(), 0)
    const borrow = () => original && this.ground.originals.lend(original, instance, connection)
    await rescued(borrow, (error) => (isTooFast(error) ? this.farewell(error, error.afterMs ?? 0) : tell(error)))
    for (const id of watch) {
      await rescued(() => this.watching.add(id), tell)
      if (this.watching.asksTooMuch) return this.farewell(tooManyUnknown(), 0)
    }
    const other = otherApp(app, this.ground.registry.app) // known only now, where the server has just started
    if (other) return this.farewell(other, 0)
    await this.ground.turn.giveWayInTurn() // the welcomes of many pages go out one by one
    if (leavesOut) tell(tooManyStates(this.ground.limits.watchedStates))
    if (this.phase === 'closed') return
    this.phase = 'open'
    const mark = heard === undefined ? undefined : this.feed.heardAs(heard)
    const bounds = unusualBounds(this.ground.limits)
    this.say({ ...(mark ? this.feed.resumed(this.signed, mark) : this.feed.welcome(this.signed)), bounds })
    if (this.ground.nodes.away) this.stalled(true)
    if (this.settled.length > 0) this.changed() // of calls that were refused before the welcome
    this.inbox.open()
  }

  /** A message of the tab, or a batch of them, as it came, of so many bytes. */
  receive(name: unknown, args: readonly unknown[], bytes = 0): void {
    this.intake.receive(name, args, bytes)
  }

  /** The page has read what it was sent. */
  drained(): void {
    this.outbox.add(this)
  }

  /** Something else has come over the connection, which counts for the rate of the page as well. */
  count(messages: number, bytes: number): void {
    this.intake.count(messages, bytes)
  }

  /** The connection is gone, or is to go. Work that was begun goes on. */
  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.inbox.close()
    this.intake.end()
    this.watching.end()
    this.resync.end()
    this.instance.watchers.delete(this)
    this.connection.close()
    this.pressure.end()
  }

  farewell(error: HeldStateError, spreadMs: number): void {
    this.flush()
    if (this.phase !== 'closed') this.say({ type: 'farewell', failure: toFailure(error), spreadMs })
    this.close()
  }

  /** Something to show: at once after a pause or with an answer, else with the next frame. */
  changed(): void {
    if (this.phase === 'opening') return // the welcome will show it
    const { clock, limits } = this.ground
    if (this.settled.length > 0) this.outbox.add(this)
    else if (this.sending || this.sendingLater) return
    else if (clock.now() - this.sentAt >= limits.frameMs) this.outbox.add(this)
    else this.outbox.addLater(this)
  }

  hurry(): boolean {
    return this.outbox.hurry(this)
  }

  /** One delta with everything that the tab has not seen, and the calls that it settles. */
  flush(): void {
    if (this.phase !== 'open' || this.pressure.isBlocked) return
    const { untold } = this
    this.untold = undefined
    if (untold) this.say({ type: 'failure', failure: untold })
    const isCrowded = (now: number) => this.intake.addressRate?.welcomes.isAbove(now) === true
    if (this.resync.isDue(isCrowded, () => this.outbox.add(this))) this.say(this.feed.welcome(this.signed))
    if (this.feed.isOther) this.say(this.feed.welcome(this.signed))
    const delta = this.feed.delta(this.settled)
    if (!delta) return
    this.settled = []
    this.say(delta)
    if (this.held && !this.pressure.isBlocked) this.release()
  }

  /** The page does not read how its calls end: further ones wait. */
  private hold(): void {
    const { length } = this.settled
    if (length < fixedLimits.unreadEnds) return
    if (length > 2 * this.ground.limits.callsPerTab) return this.pressure.cut() // it goes on sending over a connection that cannot be paused
    if (this.held) return
    this.held = true
    this.inbox.hold()
    this.intake.pace.set('unread', true)
  }

  private release(): void {
    this.held = false
    this.intake.pace.set('unread', false)
    this.inbox.open()
  }

  handle(up: Up): Eventually<Running> {
    switch (up.type) {
      case 'call':
        return this.calling.call(up)
      case 'cancel':
        return this.calling.cancel(up)
      case 'watch':
        return this.answer(up.id, () => this.watching.add(up.definition))
      case 'resync':
        this.resync.ask()
        this.changed()
        return finished
    }
  }

  ended(id: number): void {
    this.settle({ id })
  }

  failed(id: number, error: unknown): void {
    this.refuse(id, error)
  }

  broke(error: unknown, early: boolean): void {
    if (!early) reportFault(this.ground.log, error, callerFaults)
  }

  private answer(id: number, work: () => Eventually<void>): Eventually<Running> {
    const settled = concluded(
      work,
      () => this.settle({ id }),
      (error) => this.refuse(id, error),
    )
    return after(this.ground.tracked(settled), () => finished)
  }

  private settle(settlement: Settlement): void {
    if (this.phase === 'closed') return
    this.settled.push(settlement)
    if (this.pressure.isBlocked) this.hold()
    this.changed()
  }

  /** Says what was wrong: to the caller where the message names a call, else to the tab. */
  refuse(id: number | undefined, thrown: unknown): void {
    const error: unknown = concealed('handler-failed', 'What a page asked for', thrown)
    if (error !== thrown) this.broke(error, false)
    if (isStale(error)) return this.close() // the tab comes back, here or there, and sends again what has not settled
    // what a page that was here before sends again may have taken effect: it shall not be told that it did not
    if (this.wasHere && error instanceof StateUnknown && error.token === this.instance.token) return this.close()
    const failure = { ...toFailure(error as HeldStateError), ...trailOf(error) }
    if (id !== undefined && this.phase !== 'closed') this.settle({ id, failure })
    else if (this.phase === 'open' && (this.pressure.isBlocked || this.intake.isFast)) this.tellLater(failure)
    else if (this.phase !== 'closed') this.say({ type: 'failure', failure })
  }

  /** Of the failures of a page that makes many, or does not read, it is told the last. */
  private tellLater(failure: Failure): void {
    this.untold = failure
    this.outbox.add(this)
  }

  /** A failure that no call of the page is told of. */
  fault(error: unknown): void {
    if (this.phase === 'open' && process.env.NODE_ENV === 'development') this.refuse(undefined, error)
  }

  /** The store is out of reach, or back. */
  stalled(stalled: boolean): void {
    if (this.phase === 'open') this.say({ type: 'stalled', stalled })
  }

  /** Definitions are others now. */
  redefined(): void {
    this.watching.redefined((error) => this.refuse(undefined, error))
  }

  private say(message: Parameters<typeof writeDown>[0]): void {
    const { written = 0 } = this.connection
    this.connection.send(...writeDown(message))
    const bytes = (this.connection.written ?? 0) - written
    if (message.type === 'delta') this.history.weigh(bytes)
    if (message.type === 'welcome') this.intake.addressRate?.welcomes.count(bytes, this.ground.clock.now())
    this.pressure.sent()
  }
}
