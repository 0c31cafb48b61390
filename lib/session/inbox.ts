/**
 * The messages of one subscription that wait and are handled, one after the other; a page has an inbox for each of its subscriptions. A call
 * whose change is on its way to the store is in flight: the next message is handled, and the call settles later. Calls settle in the order in
 * which they came.
 */
import { type Eventually, isPromise } from '../base/eventually.js'
import type { InFlight, Running } from '../calls/call-order.js'
import type { SubscriptionUp as Up, Written } from '../protocol/up.js'

/** The intake of the page, which bounds all its inboxes. */
export interface InboxHost {
  /** So many bytes more wait or run, or less. */
  sized(bytes: number): void
  /** Whether the next message may be handled now; if not, `drain` is called when it may. */
  mayRun(): boolean
}

/** The subscription whose messages they are. */
export interface InboxSubscription {
  /** Neither this nor its `done` rejects. */
  handle(up: Up): Eventually<Running>
}

/** A message that waits. */
interface Waiting {
  readonly up: Up
  /** Bytes. */
  readonly size: number
}

export interface LaterCall {
  readonly id: number
  readonly definition: string
  readonly member: string
}

const none: readonly never[] = []

export class Inbox {
  /** The messages of a batch that is being read. */
  coming: readonly Written[] = none
  private readonly subscription: InboxSubscription
  private readonly number: number
  private readonly waiting: Waiting[] = []
  /** Bytes of the message that is handled, and of each call in flight. */
  private size = 0
  private flightSizes: number[] | undefined
  private readonly host: InboxHost
  private isOpen = false
  /** The message that was taken last; it is handled still while there is `working`. */
  private current: Up | undefined
  private working: Promise<void> | undefined
  private inFlight: InFlight | undefined
  private callsInFlight = 0

  /** `before` is done when what the page began earlier has settled; `number` is that of the subscription. */
  constructor(before: Promise<void> | undefined, subscription: InboxSubscription, host: InboxHost, number: number) {
    this.number = number
    this.working = before
    this.subscription = subscription
    this.host = host
  }

  /** Messages that have not been handled, but for the one that is handled. */
  get length(): number {
    return this.waiting.length + this.callsInFlight
  }

  /** Nothing waits that could be handled now. */
  get isIdle(): boolean {
    return this.waiting.length === 0 || this.working !== undefined || !this.isOpen
  }

  /** Done when the messages that were begun have been handled. */
  get busy(): Promise<void> | undefined {
    const { working, inFlight } = this
    return working && inFlight ? inFlight.settled.then(() => working) : (working ?? inFlight?.settled)
  }

  /** What the call that begins now comes after. */
  get before(): InFlight | undefined {
    return this.inFlight
  }

  open(): void {
    this.isOpen = true
    this.continue()
  }

  /** What waits is handled when it is opened again. */
  hold(): void {
    this.isOpen = false
  }

  /** What waits is forgotten; what was begun goes on. */
  close(): void {
    this.isOpen = false
    for (const { size } of this.waiting.splice(0)) this.host.sized(-size)
  }

  /** `size` is that of the message, in bytes. */
  add(up: Up, size = 0): void {
    this.waiting.push({ up, size })
    this.host.sized(size)
    this.drain()
  }

  /** Whether there is such a message among those that wait or are handled. */
  has(matches: (up: Up) => boolean): boolean {
    return (
      this.waiting.some(({ up }) => matches(up)) ||
      (this.working !== undefined && this.current !== undefined && matches(this.current))
    )
  }

  /** What needs no waiting is done at once, as long as it is this page's turn. */
  drain(): void {
    while (!this.working && this.isOpen && this.waiting.length > 0) {
      if (!this.host.mayRun()) return
      const { up, size } = this.waiting.shift() as Waiting
      this.size = size
      this.current = up
      const running = this.subscription.handle(up)
      if (isPromise(running)) this.waitFor(running)
      else if (!isPromise(running.done)) this.host.sized(-size)
      else if (!this.passes(running)) this.wait(running.done)
    }
  }

  /** The next message waits until it has settled, or is in flight. */
  private waitFor(handled: Promise<Running>): void {
    const working: Promise<void> = handled.then((running) => {
      if (this.working === working && this.passes(running)) {
        this.working = undefined
        this.drain()
      }
      return running.done
    })
    this.wait(working)
  }

  private wait(working: Promise<void>): void {
    this.working = working
    this.continue()
  }

  /** Whether the next message may be handled before this call has settled. */
  private passes({ done, pending }: Running): boolean {
    if (!pending || !isPromise(done)) return false
    this.callsInFlight += 1
    this.flightSizes ??= []
    this.flightSizes.push(this.size)
    this.size = 0
    this.inFlight = { settled: done, pending }
    void done.then(() => this.landed())
    return true
  }

  /** Whether the page has sent such a call after the one with this id. */
  hasLater({ id, definition, member }: LaterCall): boolean {
    const isInBatch = this.coming.some(
      ([name, number, other, ...names]) =>
        name === 'call' &&
        number === this.number &&
        (other as number) > id &&
        names[0] === definition &&
        names[1] === member,
    )
    return (
      isInBatch ||
      this.has((up) => up.type === 'call' && up.id > id && up.definition === definition && up.member === member)
    )
  }

  /** Drains once what is under way has settled. */
  private continue(): void {
    const { working } = this
    if (!working) return this.drain()
    void working.then(() => {
      if (this.working !== working) return // it is in flight
      this.working = undefined
      this.host.sized(-this.size)
      this.size = 0
      this.drain()
    })
  }

  private landed(): void {
    this.callsInFlight -= 1
    this.host.sized(-(this.flightSizes?.shift() ?? 0))
    if (this.callsInFlight > 0) return
    this.inFlight = undefined
    this.flightSizes = undefined
  }
}
