/**
 * One tab: its wire to the hub, its mirror, and its calls in flight. Components read it through `react/`; tests drive it
 * over a loopback.
 */
import { type Clock, systemClock } from '../base/clock.js'
import type { Json } from '../base/encode.js'
import { fromFailure, HeldStateError, isHeldStateError, messageOf } from '../base/errors.js'
import { pageBounds } from '../base/limits.js'
import { bytesOf, type PageBounds, tooManyStates } from '../protocol/bounds.js'
import { type Down, type Farewell, type Hi, isCounted, parseDown } from '../protocol/down.js'
import { protocolVersion } from '../protocol/version.js'
import { writeCall } from '../protocol/written-up.js'
import { Addresses } from './addresses.js'
import { noStorage } from './call-storage.js'
import { Calls } from './calls.js'
import { Display, type DisplayPage } from './display.js'
import type { Identity } from './identity.js'
import { KeptCalls } from './kept-calls.js'
import { LastHeard } from './last-heard.js'
import { mirrorStore, type Shown } from './mirror.js'
import { OutgoingQueue } from './outgoing.js'
import { reportToConsole } from './report.js'
import { idBytes, type Request } from './request.js'
import type { Waiting } from './retry.js'
import type { ClientSubscription, SubscriptionPage } from './subscription.js'
import { Subscriptions } from './subscriptions.js'
import type { CallOptions, TabOptions } from './tab-options.js'
import { Unanswered } from './unanswered.js'
import type { Wire } from './wire.js'

/** What a batch and Socket.IO put around a message, at most. */
const framingBytes = 100

export class Tab implements SubscriptionPage, DisplayPage {
  readonly mirror = mirrorStore()
  private readonly subscriptions = new Subscriptions(this)
  private readonly wire: Wire
  private readonly identity: Identity
  private limits: PageBounds = pageBounds
  readonly report: (error: HeldStateError) => void
  readonly calls: Calls
  private readonly display: Display
  private readonly addresses: Addresses
  readonly kept: KeptCalls
  readonly clock: Pick<Clock, 'after'>
  /** Done when the calls of the page before are this page's. */
  private takenOver: Promise<void> | undefined
  private readonly outgoing: OutgoingQueue
  /** Over the present connection. */
  private connected = false
  private readonly unanswered = new Unanswered((error) => this.report(error))
  private readonly page: string
  private readonly heard = new LastHeard()
  /** The signed token of the last hi. */
  private token: string | undefined
  private phase: 'idle' | 'started' | 'stopped' = 'idle'

  constructor({
    wire,
    identity,
    page = systemClock.id(),
    limits = pageBounds,
    report,
    clock = systemClock,
    storage = noStorage,
  }: TabOptions) {
    this.page = page
    this.wire = wire
    this.identity = identity
    this.report = report ?? reportToConsole
    this.clock = clock
    this.calls = new Calls(limits, clock, page, () => this.callsChanged())
    const { calls, mirror, subscriptions } = this
    this.kept = new KeptCalls({ storage, calls, subscriptions, mirror, clock, page, report: this.report })
    this.display = new Display(this, this.mirror, this.subscriptions, this.calls)
    this.outgoing = new OutgoingQueue((message) => this.wire.send(...message))
    const isConnected = () => this.connected
    const sendWaiting = () => this.sendWaiting()
    this.addresses = new Addresses({ subscriptions, calls, mirror, outgoing: this.outgoing, isConnected, sendWaiting })
    this.bound(limits)
  }

  get watchedStates(): number {
    return this.limits.watchedStates
  }

  private bound(limits: PageBounds): void {
    this.limits = limits
    this.calls.bound(limits)
    this.outgoing.maxBytes = limits.messageBytes - framingBytes
    for (const subscription of this.subscriptions.all) {
      const surplus = subscription.watched.ids[limits.watchedStates]
      if (surplus !== undefined) this.refuseWatch(subscription, surplus)
    }
  }

  /** Opens the connection; it is made again whenever it is lost. */
  start(): void {
    if (this.phase !== 'idle') return
    this.phase = 'started'
    void this.takeOver()
    this.wire.start({
      hello: () => this.hello(),
      message: (name, args) => this.message(name, args),
      closed: (offline, waiting, asked) => this.closed(offline, waiting, asked),
      unanswered: () => this.unanswered.say(),
    })
  }

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
    if (this.phase === 'started') this.kept.stop() // the page after this one may have a better connection
    this.phase = 'stopped'
    this.wire.stop()
    const lost =
      'This page closed its connection for good. The change may or may not have taken effect: reload the page to check.'
    this.calls.fail(new HeldStateError('connection-lost', lost))
    this.display.show(nothing, { status: 'offline', waiting: undefined, unsettled: 0 })
  }

  /** The page is shown, or is shown again: calls that another page has left in this tab are sent by this one. */
  takeOver(): Promise<void> {
    this.kept.onShownAgain()
    const take = async () => {
      const token = await this.identity.claim()
      if (token === undefined) await this.kept.dropForeign(this.identity)
      this.kept.takeOver(token)
      for (const subscription of this.subscriptions.all) this.showRestored(subscription)
      if (this.connected) this.reconnect() // only a hello can name the page that made them
    }
    this.takenOver = take()
    return this.takenOver
  }

  private callsChanged(): void {
    const isLive = this.mirror.getState().status === 'live'
    if (!isLive) this.mirror.setState({ unsettled: this.calls.waiting })
    if (this.phase === 'started') this.kept.changed(isLive)
    if (this.subscriptions.hasFurther) queueMicrotask(() => this.addresses.closeUnused())
  }

  /** A further subscription, to the state of an address. The server says whether the page may watch it. */
  open(address: string): ClientSubscription {
    return this.addresses.open(address)
  }

  close(subscription: ClientSubscription): void {
    this.addresses.close(subscription)
  }

  /** The subscription to the state of the tab itself. */
  get own(): ClientSubscription {
    return this.subscriptions.own
  }

  watch(id: string): number {
    return this.own.watch(id)
  }

  call(definition: string, member: string, args: readonly unknown[], options?: CallOptions): Promise<unknown> {
    return this.own.call(definition, member, args, options)
  }

  request({ subscription, message, again, prediction }: Omit<Request, 'bytes'>): Promise<unknown> {
    const to = this.subscriptions.get(subscription)
    if (this.phase === 'stopped' || !to)
      return Promise.reject(new HeldStateError('offline', 'This page closed its connection.'))
    if (to.refusal) return Promise.reject(to.refusal)
    const bytes = bytesOf(JSON.stringify(message)) + idBytes
    const request = { subscription, message, again, bytes, prediction }
    return this.calls.add(request, to.isLive ? (id, made) => this.send(id, made) : undefined)
  }

  sendWaiting(): void {
    this.calls.sendWaiting(
      (number) => this.subscriptions.isLive(number),
      (id, request) => this.send(id, request),
    )
  }

  private send(id: number, { message, subscription, bytes, former }: Request): void {
    const position = former === undefined ? undefined : this.kept.positionOf(former)
    this.outgoing.add(writeCall(message, subscription, id, position), bytes)
  }

  showRestored(subscription: ClientSubscription): void {
    this.calls.predict(subscription.number, (message) => subscription.predictionOf(message))
    this.showPredictions()
  }

  showPredictions(): void {
    this.display.show(nothing)
  }

  private async hello(): Promise<{ readonly [key: string]: Json }> {
    await this.takenOver
    const token = await this.identity.claim()
    const formers = this.kept.greet()
    const copyOf = this.identity.copyOf?.()
    const lastSeq = this.heard.number
    const sent = this.calls.resentUpTo
    return {
      version: protocolVersion,
      page: this.page,
      subscriptions: this.subscriptions.greet(),
      ...(token === undefined ? {} : { token }),
      ...(copyOf === undefined ? {} : { copyOf }),
      ...(lastSeq === undefined ? {} : { lastSeq }),
      ...(sent === undefined ? {} : { sent }),
      ...(formers.length === 0 ? {} : { formers }),
    }
  }

  private message(name: string, args: readonly unknown[]): void {
    this.heard.count(name)
    try {
      this.handle(parseDown(name, args))
    } catch (error) {
      if (isCounted(name)) this.heard.misfit()
      this.report(isHeldStateError(error) ? error : new HeldStateError('invalid-message', messageOf(error)))
    }
    const confirmed = this.heard.toConfirm()
    if (confirmed !== undefined) this.outgoing.add(['heard', confirmed], idBytes)
  }

  private handle(message: Down): void {
    switch (message.type) {
      case 'hi':
        return this.hi(message)
      case 'welcome':
      case 'resumed':
        return this.display.begin(message)
      case 'delta':
        return this.display.change(this.heard.settled(message))
      case 'failure':
        return this.report(fromFailure(message.failure))
      case 'closed':
        this.display.closed(message)
        return this.report(fromFailure(message.failure))
      case 'stalled':
        return this.mirror.setState({ stalled: message.stalled })
      case 'farewell':
        return this.farewell(message)
    }
  }

  private hi({ token, seq, bounds }: Hi): void {
    const isSame = token.split('.')[0] === this.token?.split('.')[0] // its signature may be another: secrets are replaced
    if (!isSame) this.subscriptions.own.isReplaced = true
    if (bounds) this.bound({ ...this.limits, ...bounds })
    this.identity.keep(token)
    this.token = token
    this.kept.rename(token)
    this.heard.begin(seq)
    this.connected = true
    this.subscriptions.onGreeted()
    if (this.mirror.getState().stalled) this.mirror.setState({ stalled: false })
    this.addresses.openMissing()
  }

  /** A subscription shows what the hub has, and its calls go. */
  onBegun(subscription: ClientSubscription, { revision }: Shown): void {
    if (!this.subscriptions.all.some(({ isResyncing }) => isResyncing)) this.heard.mended()
    if (subscription === this.subscriptions.own && revision > 0) this.identity.saved?.()
    if (subscription === this.subscriptions.own) this.wire.welcomed?.()
    this.sendWaiting()
    subscription.watchMissing()
  }

  resync(subscription: ClientSubscription): void {
    this.heard.misfit()
    if (subscription.isResyncing) return
    subscription.isResyncing = true
    this.outgoing.add(['resync', subscription.number], idBytes)
  }

  refuseWatch(subscription: ClientSubscription, id: string): void {
    subscription.watched.refuse(id)
    this.report(tooManyStates(this.limits.watchedStates))
  }

  private farewell({ failure, spreadMs = 0 }: Farewell): void {
    switch (failure.code) {
      case 'state-lost': // as the app asked for
        this.display.isForgotten = true
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
    this.subscriptions.onClosed()
    this.outgoing.clear()
    const { isWelcomed } = this.subscriptions.own
    const status = offline ? 'offline' : isWelcomed ? 'reconnecting' : 'connecting'
    this.mirror.setState({ status, waiting, unsettled: this.calls.waiting })
    if (this.connected) this.calls.interrupt(asked)
    else this.calls.acquit()
    this.connected = false
    if (!isWelcomed) this.unanswered.failed(offline, waiting)
  }
}

const nothing: ReadonlyMap<number, Shown> = new Map()
