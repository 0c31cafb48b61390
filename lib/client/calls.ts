/**
 * Calls that have not settled. They are sent in the order in which they were made, when the tab is live, and again on each
 * new connection until they settle: the hub answers a call that it knows without running it twice.
 */
import type { Clock } from '../base/clock.js'
import { decode } from '../base/encode.js'
import { fromFailure, HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import { bytesOf, type PageBounds } from '../protocol/bounds.js'
import type { Settlement } from '../protocol/down.js'
import type { CallMessage } from '../protocol/written-up.js'
import { cutConnections, stateLost, tooLarge } from './call-failures.js'
import type { Prediction } from './prediction.js'
import { Predictions } from './predictions.js'
import { idBytes, isChange, type OpenCall, type Request, type RestoredCall } from './request.js'

type Send = (id: number, request: Request) => void

interface Open {
  request: Request
  readonly birth?: string | undefined
  /** Milliseconds of the clock; `undefined` while it waits. */
  sentAt: number | undefined
  /** Connections that were cut one after the other, each soon after it was sent. Once may be chance. */
  cuts: number
  /** Those of them over which it was sent alone. */
  cutsAlone: number
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: HeldStateError) => void
}

export class Calls {
  private open = new Map<number, Open>()
  private bounds: PageBounds
  private readonly clock: Pick<Clock, 'now'>
  /** The random id of the page. */
  private readonly page: string
  /** Called when a call is made, or has settled. */
  private readonly changed: () => void
  /** The highest id that was used in this tab. */
  last = 0
  /** Pages whose calls were sent: this one, and those before it in its tab. */
  readonly sentOf = new Set<string>()
  /** The highest id of a call of this page that was sent. */
  private lastSent = 0
  /** Calls wait although the tab is live: for one that is suspect, or for those before it. */
  holdsBack = false
  /** Suspect, and sent alone. */
  private alone: number | undefined
  /** Over which the connection was lost last, and whether each was alone. */
  private newest: [Open, boolean][] = []
  /** Of the calls that have not shown their effect. */
  readonly predictions = new Predictions()

  constructor(limits: PageBounds, clock: Pick<Clock, 'now'>, page = '', changed = () => {}) {
    this.bounds = limits
    this.page = page
    this.clock = clock
    this.changed = changed
  }

  get all(): readonly OpenCall[] {
    return [...this.open].map(([id, { request }]) => ({ ...request, id }))
  }

  /** Calls that will be sent, or sent again, and that change something. */
  get waiting(): number {
    return this.all.filter(isChange).length
  }

  /** The highest id up to which calls of this page may have run already: one of them waits, and was sent over an earlier connection. */
  get resentUpTo(): number | undefined {
    for (const [id, { request }] of this.open)
      if (request.former === undefined && id <= this.lastSent) return this.lastSent
    return undefined
  }

  /** Calls of former pages wait in a subscription. */
  hasFormer(subscription: number): boolean {
    return this.all.some(({ former, subscription: of }) => of === subscription && former !== undefined)
  }

  isUsed(subscription: number): boolean {
    return this.all.some((call) => call.subscription === subscription)
  }

  /** Ids up to this one were used by pages before this one. */
  countFrom(last: number): void {
    this.last = Math.max(this.last, last)
  }

  /** Takes over calls of former pages, before those of this page. Nobody waits for them, so `failed` gets their failures. */
  restore(calls: readonly RestoredCall[], failed: (error: HeldStateError) => void): void {
    const restored = calls.map(({ id, birth, ...call }): [number, Open] => [
      id,
      {
        request: { ...call, again: true, bytes: bytesOf(JSON.stringify(call.message)) + idBytes },
        birth,
        sentAt: undefined,
        cuts: 0,
        cutsAlone: 0,
        resolve: () => {},
        reject: failed,
      },
    ])
    const isNew = ([id]: [number, Open]) => !this.open.has(id)
    this.open = new Map([...restored.filter(isNew), ...this.open].sort(([one], [other]) => one - other))
  }

  /** A state is here: calls that former pages made to another one are not made to it. */
  checkBirth(subscription: number, birth: string | undefined): void {
    for (const [id, { request, birth: made }] of [...this.open])
      if (request.subscription === subscription && made !== undefined && birth !== undefined && made !== birth)
        this.reject(id, stateLost())
  }

  /** The tab has another state: calls of former pages were made to the one that it had. */
  loseFormer(): void {
    for (const [id, { request }] of [...this.open]) if (request.former !== undefined) this.reject(id, stateLost())
  }

  /** What is shown of those calls of former pages that can be shown. */
  predict(subscription: number, show: (message: Request['message']) => Omit<Prediction, 'call'> | undefined): void {
    for (const [id, { request }] of this.open) {
      const isKnown = this.predictions.of(subscription).some(({ call }) => call === id)
      const prediction = request.former !== undefined && request.subscription === subscription && show(request.message)
      if (prediction && !isKnown) this.predictions.add(subscription, { ...prediction, call: id })
    }
  }

  /** Other bounds hold from now on. A call that waits may be too large by them: the server would close the connection over it, again and again. */
  bound(limits: PageBounds): void {
    this.bounds = limits
    for (const [id, { request, sentAt }] of this.open)
      if (sentAt === undefined && request.bytes > limits.messageBytes) this.reject(id, tooLarge(request.bytes, limits))
  }

  /** Makes a call; `send` is given if its subscription is live. Resolves with the reply, if there is one. */
  add(request: Request, send: Send | undefined): Promise<unknown> {
    const refusal = this.refusal(request, send !== undefined)
    if (refusal) return Promise.reject(refusal)
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.open.set(id, { request, sentAt: undefined, cuts: 0, cutsAlone: 0, resolve, reject })
      if (request.prediction) this.predictions.add(request.subscription, { ...request.prediction, call: id })
      if (send && !this.holdsBack) this.send(id, send)
      this.changed()
    })
  }

  /** What a call says when it is sent the next time. One that has settled is not sent again. */
  rewrite(id: number, message: CallMessage): void {
    const call = this.open.get(id)
    if (call) call.request = { ...call.request, message } // about as long
  }

  private send(id: number, send: Send): void {
    const call = this.open.get(id)
    if (!call || call.sentAt !== undefined) return
    call.sentAt = this.clock.now()
    this.sentOf.add(call.request.former ?? this.page)
    if (call.request.former === undefined) this.lastSent = Math.max(this.lastSent, id)
    send(id, call.request)
  }

  private refusal({ bytes }: Request, live: boolean): HeldStateError | undefined {
    const { size } = this.open
    const { callsWhileOffline, callsPerTab, messageBytes } = this.bounds
    if (bytes > messageBytes) return tooLarge(bytes, this.bounds)
    if (!live && this.waiting >= callsWhileOffline)
      return new HeldStateError(
        'offline',
        `This page is not connected and already has ${this.waiting} changes waiting. Try again when it is connected.`,
      )
    if (size >= callsPerTab)
      return new HeldStateError(
        'inbox-full',
        `${size} calls of this tab are already pending (limit "callsPerTab"). Await them before making more.`,
      )
    return undefined
  }

  /**
   * Subscriptions are live: sends what has waited in them, in order, since the hub takes a call for settled once a later one has. A call over which connections may have
   * been cut waits until those before it have settled, goes alone, and the others after it.
   */
  sendWaiting(isLive: (subscription: number) => boolean, send: Send): void {
    this.newest = []
    let isFirst = true
    this.holdsBack = false
    for (const [id, { cuts, request }] of this.open) {
      if (!isLive(request.subscription)) continue
      this.holdsBack = cuts > 1
      if (this.holdsBack && !isFirst) return
      if (this.holdsBack) this.alone = id
      this.send(id, send)
      if (this.holdsBack) return
      isFirst = false
    }
  }

  settle({ id, failure, reply }: Settlement): void {
    const call = this.open.get(id)
    if (!call) return
    if (failure?.code === 'hub-closed') return // handed back: it goes to the hub that comes next
    if (failure) return this.reject(id, fromFailure(failure))
    let value: unknown
    try {
      value = reply === undefined ? undefined : decode(reply)
    } catch (error) {
      return this.reject(id, error as HeldStateError)
    }
    this.forget(id, call)
    call.resolve(value)
  }

  private reject(id: number, error: HeldStateError): void {
    const call = this.open.get(id)
    if (!call) return
    this.forget(id, call)
    call.reject(error)
  }

  private forget(id: number, { request }: Open): void {
    this.open.delete(id)
    if (this.alone === id) {
      this.alone = undefined
      this.holdsBack = false // those behind it go when the next are sent
    }
    this.predictions.remove(request.subscription, id)
    this.changed()
  }

  /** The connection is closed: what has not settled is sent again over the next one. No call is suspect where it was `asked` to close. */
  interrupt(asked: boolean): void {
    const { alone } = this
    const now = this.clock.now()
    this.newest = []
    this.alone = undefined
    this.holdsBack = false
    for (const [id, call] of this.open) {
      const isSuspect = call.sentAt !== undefined && now - call.sentAt < pageLimits.suspectMs
      if (call.sentAt !== undefined && !isSuspect) call.cuts = call.cutsAlone = 0
      call.sentAt = undefined
      if (!call.request.again)
        this.reject(
          id,
          new HeldStateError('connection-lost', 'The connection closed; the next connection requests it again.'),
        )
      else if (isSuspect && !asked && isChange(call.request)) this.suspect(id, call, id === alone)
    }
  }

  private suspect(id: number, call: Open, alone: boolean): void {
    call.cuts += 1
    this.newest.push([call, alone])
    if (alone) call.cutsAlone += 1
    if (call.cutsAlone >= pageLimits.suspectEnds) this.reject(id, cutConnections(call.request.bytes))
  }

  /** The server itself was not there after the last connection: no call is to blame for its cut. */
  acquit(): void {
    for (const [call, alone] of this.newest) {
      call.cuts -= 1
      if (alone) call.cutsAlone -= 1
    }
    this.newest = []
  }

  /** Nothing will settle them any more: all, or those of one subscription. */
  fail(error: HeldStateError, subscription?: number): void {
    const isMeant = ({ request }: Open) => subscription === undefined || request.subscription === subscription
    for (const [id, call] of [...this.open]) if (isMeant(call)) this.reject(id, error)
  }
}
