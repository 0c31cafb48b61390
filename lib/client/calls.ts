/**
 * Calls that have not settled. They are sent in the order in which they were made, when the tab is live, and again on each
 * new connection until they settle: the hub answers a call that it knows without running it twice.
 */
import type { Json } from '../base/encode.js'
import { fromFailure, HeldStateError } from '../base/errors.js'
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

interface Open {
  readonly request: Request
  sent: boolean
  readonly resolve: () => void
  readonly reject: (error: HeldStateError) => void
}

export class Calls {
  private readonly open = new Map<number, Open>()
  limits: PageBounds
  private last = 0
  /** Of the calls that have not shown their effect, in order. */
  predictions: readonly Prediction[] = []

  constructor(limits: PageBounds) {
    this.limits = limits
  }

  /** Makes a call; `send` is given if the tab is live. */
  add(request: Request, send: ((id: number, request: Request) => void) | undefined): Promise<void> {
    const refusal = this.refusal(send !== undefined)
    if (refusal) return Promise.reject(refusal)
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.open.set(id, { request, sent: send !== undefined, resolve, reject })
      if (request.prediction) this.predictions = [...this.predictions, { ...request.prediction, call: id }]
      send?.(id, request)
    })
  }

  private refusal(live: boolean): HeldStateError | undefined {
    const { size } = this.open
    const { callsWhileOffline, callsPerTab } = this.limits
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

  /** The tab is live: sends what has waited. */
  sendWaiting(send: (id: number, request: Request) => void): void {
    for (const [id, call] of this.open) {
      if (call.sent) continue
      call.sent = true
      send(id, call.request)
    }
  }

  settle({ id, failure }: Settlement): void {
    const call = this.open.get(id)
    if (!call) return
    if (failure?.code === 'hub-closed') return // handed back: it goes to the hub that comes next
    this.open.delete(id)
    if (call.request.prediction) this.predictions = this.predictions.filter((prediction) => prediction.call !== id)
    if (failure) call.reject(fromFailure(failure))
    else call.resolve()
  }

  /** Calls up to this one have ended, and what they changed is shown from now on. They settle when the hub says how. */
  shown(done: number): void {
    if (this.predictions.some(({ call }) => call <= done))
      this.predictions = this.predictions.filter(({ call }) => call > done)
  }

  /** The connection has ended: what has not settled is sent again over the next one. */
  interrupt(): void {
    for (const [id, call] of this.open) {
      call.sent = false
      if (call.request.again) continue
      this.open.delete(id)
      call.reject(new HeldStateError('connection-lost', 'The connection ended; the next one asks for it again.'))
    }
  }

  /** Nothing will settle them any more. */
  fail(error: HeldStateError): void {
    const calls = [...this.open.values()]
    this.open.clear()
    this.predictions = []
    for (const call of calls) call.reject(error)
  }
}
