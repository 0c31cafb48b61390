/**
 * Calls that have not settled. They are sent in the order in which they were made, when the tab is live, and again on each
 * new connection until they settle: the hub answers a call that it knows without running it twice.
 */
import type { Clock } from '../base/clock.js'
import type { Json } from '../base/encode.js'
import { fromFailure, HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import type { PageBounds } from '../protocol/bounds.js'
import type { Settlement } from '../protocol/down.js'
import type { Prediction } from './prediction.js'

/** A message that expects a settlement, without its id, and its size. */
export interface Request {
  readonly message: readonly [name: string, ...args: Json[]]
  readonly bytes: number
  /** What to do once the connection ends: send it again, or let it fail because the next hello says the same. */
  readonly again: boolean
  /** What the page shows of it until it settles. */
  readonly prediction?: Omit<Prediction, 'call'> | undefined
}

type Send = (id: number, request: Request) => void

interface Open {
  readonly request: Request
  /** Milliseconds of the clock; `undefined` while it waits. */
  sentAt: number | undefined
  /** Connections that ended one after the other, each soon after it was sent. Once may be chance. */
  ends: number
  /** Those of them over which it was sent alone. */
  endsAlone: number
  readonly resolve: () => void
  readonly reject: (error: HeldStateError) => void
}

export class Calls {
  private readonly open = new Map<number, Open>()
  private bounds: PageBounds
  private readonly clock: Pick<Clock, 'now'>
  private last = 0
  /** Calls wait although the tab is live: for one that is suspect, or for those before it. */
  holdsBack = false
  /** Suspect, and sent alone. */
  private alone: number | undefined
  /** Over which the connection was lost last, and whether each was alone. */
  private newest: [Open, boolean][] = []
  /** Of the calls that have not shown their effect, in order. */
  predictions: readonly Prediction[] = []

  constructor(limits: PageBounds, clock: Pick<Clock, 'now'>) {
    this.bounds = limits
    this.clock = clock
  }

  /** Other bounds hold from now on. A call that waits may be too large by them: the server would close the connection over it, again and again. */
  bound(limits: PageBounds): void {
    this.bounds = limits
    for (const [id, { request, sentAt }] of this.open)
      if (sentAt === undefined && request.bytes > limits.messageBytes) this.reject(id, tooLarge(request.bytes, limits))
  }

  /** Makes a call; `send` is given if the tab is live. */
  add(request: Request, send: Send | undefined): Promise<void> {
    const refusal = this.refusal(request, send !== undefined)
    if (refusal) return Promise.reject(refusal)
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.open.set(id, { request, sentAt: undefined, ends: 0, endsAlone: 0, resolve, reject })
      if (request.prediction) this.predictions = [...this.predictions, { ...request.prediction, call: id }]
      if (send && !this.holdsBack) this.send(id, send)
    })
  }

  private send(id: number, send: Send): void {
    const call = this.open.get(id)
    if (!call || call.sentAt !== undefined) return
    call.sentAt = this.clock.now()
    send(id, call.request)
  }

  private refusal({ bytes }: Request, live: boolean): HeldStateError | undefined {
    const { size } = this.open
    const { callsWhileOffline, callsPerTab, messageBytes } = this.bounds
    if (bytes > messageBytes) return tooLarge(bytes, this.bounds)
    if (!live && size >= callsWhileOffline)
      return new HeldStateError(
        'offline',
        `This page is not connected, and ${size} changes wait already. Try again when it is.`,
      )
    if (size >= callsPerTab)
      return new HeldStateError(
        'inbox-full',
        `${size} calls of this tab wait already, the bound "callsPerTab". Wait for them before you make more.`,
      )
    return undefined
  }

  /**
   * The tab is live: sends what has waited, in order, since the hub takes a call for ended once a later one has. A call over which connections may have
   * ended waits until those before it have settled, goes alone, and the others after it.
   */
  sendWaiting(send: Send): void {
    this.newest = []
    let isFirst = true
    this.holdsBack = false
    for (const [id, { ends }] of this.open) {
      this.holdsBack = ends > 1
      if (this.holdsBack && !isFirst) return
      if (this.holdsBack) this.alone = id
      this.send(id, send)
      if (this.holdsBack) return
      isFirst = false
    }
  }

  settle({ id, failure }: Settlement): void {
    const call = this.open.get(id)
    if (!call) return
    if (failure?.code === 'hub-closed') return // handed back: it goes to the hub that comes next
    if (failure) return this.reject(id, fromFailure(failure))
    this.forget(id, call)
    call.resolve()
  }

  private reject(id: number, error: HeldStateError): void {
    const call = this.open.get(id)
    if (!call) return
    this.forget(id, call)
    call.reject(error)
  }

  private forget(id: number, { request }: Open): void {
    this.open.delete(id)
    if (this.alone === id) this.alone = undefined
    if (request.prediction) this.predictions = this.predictions.filter((prediction) => prediction.call !== id)
  }

  /** Calls up to this one have ended, and what they changed is shown from now on. They settle when the hub says how. */
  shown(done: number): void {
    if (this.predictions.some(({ call }) => call <= done))
      this.predictions = this.predictions.filter(({ call }) => call > done)
  }

  /** The connection has ended: what has not settled is sent again over the next one. No call is suspect where it was `asked` to end. */
  interrupt(asked: boolean): void {
    const { alone } = this
    const now = this.clock.now()
    this.newest = []
    this.alone = undefined
    this.holdsBack = false
    for (const [id, call] of this.open) {
      const isSuspect = call.sentAt !== undefined && now - call.sentAt < pageLimits.suspectMs
      if (call.sentAt !== undefined && !isSuspect) call.ends = call.endsAlone = 0
      call.sentAt = undefined
      if (!call.request.again)
        this.reject(id, new HeldStateError('connection-lost', 'The connection ended; the next one asks for it again.'))
      else if (isSuspect && !asked) this.suspect(id, call, id === alone)
    }
  }

  private suspect(id: number, call: Open, alone: boolean): void {
    call.ends += 1
    this.newest.push([call, alone])
    if (alone) call.endsAlone += 1
    if (call.endsAlone >= pageLimits.suspectEnds) this.reject(id, endedConnections(call.request.bytes))
  }

  /** The server itself was not there after the last connection: no call is to blame for its end. */
  acquit(): void {
    for (const [call, alone] of this.newest) {
      call.ends -= 1
      if (alone) call.endsAlone -= 1
    }
    this.newest = []
  }

  /** Nothing will settle them any more. */
  fail(error: HeldStateError): void {
    const calls = [...this.open.values()]
    this.open.clear()
    this.alone = undefined
    this.predictions = []
    for (const call of calls) call.reject(error)
  }
}

const tooLarge = (bytes: number, { messageBytes }: PageBounds) =>
  new HeldStateError(
    'payload-too-large',
    `A call of ${bytes} bytes is larger than the bound "messageBytes", ${messageBytes}. Send large data to a route handler.`,
  )

/** A server or a proxy on the way that does not say why. */
const endedConnections = (bytes: number) =>
  new HeldStateError(
    'connection-lost',
    `The connection ended each time this call of ${bytes} bytes was sent alone, so it is given up. Whether it took effect is unknown.`,
  )
