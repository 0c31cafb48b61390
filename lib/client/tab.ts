/**
 * One tab: its wire to the hub, its mirror, and its calls in flight. Components read it through `react/`; tests drive it
 * over a loopback.
 */
import { systemClock } from '../base/clock.js'
import { copyValue } from '../base/copy.js'
import { encode, type Json } from '../base/encode.js'
import { fromFailure, HeldStateError, isHeldStateError, messageOf } from '../base/errors.js'
import { pageBounds } from '../base/limits.js'
import { consoleLog } from '../base/log.js'
import { bytesOf, type PageBounds, tooManyStates } from '../protocol/bounds.js'
import {
  type Delta,
  type Down,
  type Farewell,
  parseDown,
  type Resumed,
  type Settlement,
  type Welcome,
} from '../protocol/down.js'
import { protocolVersion } from '../protocol/version.js'
import { argumentsToSend } from './arguments.js'
import { Calls, type Request } from './calls.js'
import type { Identity } from './identity.js'
import { isOther, lose, type Mirror, mirrorStore, receive } from './mirror.js'
import { OutgoingQueue } from './outgoing.js'
import type { Waiting } from './retry.js'
import type { CallOptions, TabOptions } from './tab-options.js'
import { isUnanswered, unanswered } from './unanswered.js'
import { WatchList } from './watch-list.js'
import type { Wire } from './wire.js'

/** What an id adds to a message, and what a batch and Socket.IO put around it, at most. */
const idBytes = 20
const framingBytes = 100

/** In development with its stack, which leads to the author's line. */
const say = (error: HeldStateError) =>
  consoleLog.error(error.message, process.env.NODE_ENV === 'development' ? error : undefined)

export class Tab {
  readonly mirror = mirrorStore()
  private readonly watched = new WatchList()
  private readonly wire: Wire
  private readonly identity: Identity
  private limits: PageBounds = pageBounds
  private readonly report: (error: HeldStateError) => void
  private readonly calls: Calls
  private readonly outgoing: OutgoingQueue
  private welcomed = false
  /** The app has ended the state, as for a logout, so the next one is no surprise. */
  private ended = false
  /** Over the present connection. */
  private connected = false
  private readonly page: string
  /** The number of the last message that the mirror took. */
  private heard = 0
  /** The signed token of the last welcome. */
  private token: string | undefined
  /** A resync was asked for; until its welcome, no delta can fit. */
  private resyncing = false
  /** Calls that came with a delta that did not fit: their effect is in the mirror after the resync. */
  private unseen: Settlement[] = []
  private phase: 'idle' | 'started' | 'stopped' = 'idle'

  constructor({
    wire,
    identity,
    page = systemClock.id(),
    limits = pageBounds,
    report,
    clock = systemClock,
  }: TabOptions) {
    this.page = page
    this.wire = wire
    this.identity = identity
    this.report = report ?? say
    this.calls = new Calls(limits, clock)
    this.outgoing = new OutgoingQueue((name, ...args) => this.wire.send(name, ...args))
    this.bound(limits)
  }

  private bound(limits: PageBounds): void {
    this.limits = limits
    this.calls.bound(limits)
    this.outgoing.maxBytes = limits.messageBytes - framingBytes
    const surplus = this.watched.ids[limits.watchedStates]
    if (surplus !== undefined) this.refuseWatch(surplus)
  }

  /** Opens the connection; it is made again whenever it is lost. */
  start(): void {
    if (this.phase !== 'idle') return
    this.phase = 'started'
    this.wire.start({
      hello: () => this.hello(),
      message: (name, args) => this.message(name, args),
      closed: (offline, waiting, asked) => this.closed(offline, waiting, asked),
    })
  }

  /** Tells subscribers of the mirror to look again: something that they show beside it has changed. */
  touch(): void {
    this.mirror.setState((mirror) => ({ ...mirror }), true)
  }

  /** Tries to connect at once, where the wire would wait. */
  retry(): void {
    this.wire.retry?.()
  }

  /** Makes a new connection, with the cookies of now. Calls that are under way go on over the new one. */
  reconnect(): void {
    if (this.phase === 'started') this.wire.reconnect?.()
  }

  /** Closes the connection for good. What the mirror shows stays. */
  stop(): void {
    this.phase = 'stopped'
    this.wire.stop()
    const lost =
      'This page has closed its connection for good. Whether the change took effect is unknown: load the page anew to see.'
    this.calls.fail(new HeldStateError('connection-lost', lost))
    this.show({ ...this.mirror.getState(), status: 'offline', waiting: undefined })
  }

  /** The one place where the mirror changes: what the hub has said, and on top of it the calls that it has not answered. */
  private show(mirror: Mirror): void {
    const { predictions } = this.calls
    const now = this.mirror.getState()
    if (mirror !== now || predictions !== now.predictions) this.mirror.setState({ ...mirror, predictions }, true)
  }

  /** Mirrors a state from now on; the position under which the mirror has it. */
  watch(id: string): number {
    const known = this.watched.position(id)
    if (known >= 0 || this.watched.isRefused(id)) return known
    if (this.watched.ids.length >= this.limits.watchedStates) {
      this.refuseWatch(id)
      return -1 // it has no view, so its first values are shown
    }
    const position = this.watched.add(id)
    if (this.live) this.watchMissing()
    return position
  }

  /** Runs an event or starts a task. Resolves when its effect is in the mirror; rejects with a `HeldStateError`. */
  call(
    definition: string,
    member: string,
    args: readonly unknown[],
    { live, predict }: CallOptions = {},
  ): Promise<void> {
    if (live && !this.live)
      return Promise.reject(new HeldStateError('offline', `This page is not connected, and "${member}" does not wait.`))
    const given = argumentsToSend(definition, member, args)
    if (given instanceof HeldStateError) return Promise.reject(given)
    const show = predict && ((view: object) => predict(view, copyValue(given, []) as unknown[]))
    const called = this.request(['call', definition, member, ...(given.length > 0 ? [encode(given)] : [])], {
      again: true,
      prediction: show && { position: this.watch(definition), show },
    })
    if (show) this.show(this.mirror.getState())
    return called
  }

  /** Cancels every running copy of a task. Once it resolves, none writes anything more. */
  cancel(definition: string, task: string): Promise<void> {
    return this.request(['cancel', definition, task])
  }

  private get live(): boolean {
    return this.mirror.getState().status === 'live'
  }

  private request(
    message: Request['message'],
    how: Omit<Request, 'message' | 'bytes'> = { again: true },
  ): Promise<void> {
    if (this.phase === 'stopped')
      return Promise.reject(new HeldStateError('offline', 'This page has closed its connection.'))
    const bytes = bytesOf(JSON.stringify(message)) + idBytes
    return this.calls.add({ message, bytes, ...how }, this.live ? (id, made) => this.send(id, made) : undefined)
  }

  private sendWaiting(): void {
    this.calls.sendWaiting((id, request) => this.send(id, request))
  }

  private send(id: number, { message: [name, ...args], bytes }: Request): void {
    this.outgoing.add([name, id, ...args], bytes)
  }

  private async hello(): Promise<{ readonly [key: string]: Json }> {
    const token = await this.identity.claim()
    const copyOf = this.identity.copyOf?.()
    return {
      version: protocolVersion,
      page: this.page,
      watch: this.watched.greet(),
      ...(token === undefined ? {} : { token }),
      ...(copyOf === undefined ? {} : { copyOf }),
      ...(this.heard === 0 ? {} : { heard: this.heard }),
    }
  }

  private message(name: string, args: readonly unknown[]): void {
    try {
      this.handle(parseDown(name, args))
    } catch (error) {
      this.report(isHeldStateError(error) ? error : new HeldStateError('invalid-message', messageOf(error)))
    }
  }

  private handle(message: Down): void {
    switch (message.type) {
      case 'welcome':
        return this.welcome(message)
      case 'resumed':
        return this.resumed(message)
      case 'delta':
        return this.delta(message)
      case 'failure':
        return this.report(fromFailure(message.failure))
      case 'stalled':
        return this.mirror.setState({ stalled: message.stalled })
      case 'farewell':
        return this.farewell(message)
    }
  }

  private welcome(message: Welcome): void {
    const before = this.mirror.getState()
    const isLost = this.welcomed && isOther(before, this.token, message)
    if (isLost) this.loseCalls()
    this.identity.keep(message.token)
    const received = receive(before, message)
    if (received.outcome !== 'applied') return
    this.opened(message, isLost && before.revision > 0 && !this.ended ? lose(before, received.mirror) : received.mirror)
    this.ended = false
  }

  private resumed(message: Resumed): void {
    const received = receive(this.mirror.getState(), message)
    if (received.outcome !== 'applied') return this.resync()
    this.identity.keep(message.token)
    this.opened(message, received.mirror)
  }

  private opened({ token, done, number, bounds }: Welcome | Resumed, mirror: Mirror): void {
    if (bounds) this.bound({ ...this.limits, ...bounds })
    this.calls.shown(done)
    this.settleUnseen()
    this.show(mirror)
    this.token = token
    if (mirror.revision > 0) this.identity.saved?.()
    this.heard = number
    this.welcomed = true
    this.connected = true
    this.wire.welcomed?.()
    this.resyncing = false
    this.sendWaiting()
    this.watchMissing()
  }

  /** Those that wait were made to the state that is lost. */
  private loseCalls(): void {
    const lost =
      'The server does not have the state of this page any more and began a new one. The change was not made to it.'
    this.calls.fail(new HeldStateError('state-lost', lost))
  }

  private delta(message: Delta): void {
    const received = receive(this.mirror.getState(), message)
    if (received.outcome === 'gap') {
      this.resync()
      return void this.unseen.push(...message.settled)
    }
    this.heard += 1
    const isHeldBack = this.calls.holdsBack
    this.calls.shown(message.done ?? 0)
    for (const settlement of message.settled) this.calls.settle(settlement)
    if (isHeldBack && message.settled.length > 0) this.sendWaiting()
    const mirror = received.outcome === 'applied' ? received.mirror : this.mirror.getState()
    const isUsed = mirror.lost && message.settled.some(({ failure }) => !failure)
    this.show(isUsed ? { ...mirror, lost: false } : mirror)
  }

  private resync(): void {
    if (this.resyncing) return
    this.resyncing = true
    this.outgoing.add(['resync'], 10)
  }

  private settleUnseen(): void {
    const { unseen } = this
    this.unseen = []
    for (const settlement of unseen) this.calls.settle(settlement)
  }

  /** Asks for states that were added after the hello of this connection. */
  private watchMissing(): void {
    for (const id of this.watched.missing())
      this.request(['watch', id], { again: false }).catch((error: HeldStateError) => {
        if (error.code === 'too-many-states') this.refuseWatch(id)
        else if (error.code !== 'connection-lost') this.report(error) // the next hello asks for it again
      })
  }

  private refuseWatch(id: string): void {
    this.watched.refuse(id)
    this.report(tooManyStates(this.limits.watchedStates))
  }

  private farewell({ failure, spreadMs = 0 }: Farewell): void {
    switch (failure.code) {
      case 'state-lost': // as the app asked for
        this.ended = true
        return this.identity.forget()
      case 'no-cookie':
      case 'invalid-token': // the state is lost to this tab; a new one is better than a dead page
        this.report(fromFailure(failure))
        return this.identity.forget()
      case 'hub-closed':
        return this.wire.spread?.(spreadMs)
      case 'too-many-tabs': // the wire tries again, and by then there may be room
        this.report(fromFailure(failure))
        return this.wire.spread?.(spreadMs)
      default:
        this.report(fromFailure(failure))
        this.stop()
    }
  }

  private closed(offline: boolean, waiting: Waiting | undefined, asked = false): void {
    if (this.phase === 'stopped') return
    this.resyncing = false
    this.outgoing.clear()
    this.unseen = [] // their calls are sent again, and settle when their effect is visible
    this.mirror.setState({ status: offline ? 'offline' : this.welcomed ? 'reconnecting' : 'connecting', waiting })
    if (this.connected) this.calls.interrupt(asked)
    else this.calls.acquit()
    this.connected = false
    if (!this.welcomed && isUnanswered(offline, waiting)) this.report(unanswered())
  }
}
