/**
 * A wire from a real tab to a real hub without a network. Messages go through JSON, so nothing crosses that a socket would
 * not carry; they arrive in order, one turn of the clock later, or after the latency that a test gives.
 */
import type { Clock } from '../base/clock.js'
import { concealed } from '../base/concealed.js'
import type { Json } from '../base/encode.js'
import { toFailure } from '../base/failure.js'
import type { Waiting } from '../client/retry.js'
import type { Wire, WireListener } from '../client/wire.js'
import type { HubRuntime } from '../hub/hub.js'
import type { Connection } from '../session/connection.js'
import type { Session } from '../session/session.js'

export class Loopback implements Wire {
  /** What came down, for tests that look at the wire. */
  readonly received: (readonly [name: string, ...args: unknown[]])[] = []
  /** While it is, nothing that the hub says arrives. */
  deaf = false
  private hub: HubRuntime
  private clock: Clock
  private readonly browser: string
  private listener: WireListener | undefined
  private session: Session | undefined
  /** Rises with each connection; what belongs to an earlier one is lost. */
  private generation = 0
  /** Milliseconds that the next message takes, drawn for each. None: it arrives in the next turn. */
  latency: (() => number) | undefined
  /** Changes what the tab greets with. */
  alter: (<T extends object>(hello: T) => object) | undefined
  /** Replaces what comes down: a list of arguments for each message of that name. */
  alterDown: ((name: string, args: readonly unknown[]) => readonly (readonly unknown[])[]) | undefined
  /** What the network has not taken while this end does not read, and how many bytes that are. */
  private unreadMessages: (() => void)[] | undefined
  private unreadBytes = 0
  private connection: Connection | undefined
  /** The hub reads nothing over this connection; what was sent waits. */
  private unheard: (() => void)[] | undefined
  /** When the last message arrives, in each direction: none overtakes another. */
  private arrivals = { up: 0, down: 0 }

  constructor(hub: HubRuntime, clock: Clock, browser: string) {
    this.hub = hub
    this.clock = clock
    this.browser = browser
  }

  start(listener: WireListener): void {
    this.listener = listener
    void this.connect()
  }

  send(name: string, ...args: Json[]): void {
    const { generation } = this
    const text = JSON.stringify(args)
    const carried = JSON.parse(text)
    const arrive = () => {
      if (generation !== this.generation) return
      if (this.unheard) this.unheard.push(arrive)
      else this.session?.receive(name, carried, text.length)
    }
    this.carry('up', arrive)
  }

  /** Reads no further: what the hub sends waits in the network, until `read`. */
  stall(): void {
    this.unreadMessages ??= []
  }

  /** Reads what has waited, and reads on; with a `limit`, so many messages only. */
  read(limit?: number): void {
    const messages = this.unreadMessages ?? []
    for (const deliver of messages.splice(0, limit ?? messages.length)) deliver()
    if (limit === undefined) this.unreadMessages = undefined
    this.connection?.onTaken?.taken()
  }

  get stalls(): boolean {
    return this.unreadMessages !== undefined
  }

  /** What the hub would show a subscription of the page now. */
  view(number: number, id: string): unknown {
    return this.session?.subscription(number)?.instance.view(this.hub.registry.get(id))
  }

  get started(): boolean {
    return this.listener !== undefined
  }

  get connected(): boolean {
    return this.session !== undefined
  }

  private carry(way: 'up' | 'down', arrive: () => void): void {
    const { clock, arrivals, latency } = this
    if (!latency) return clock.turn(arrive)
    arrivals[way] = Math.max(arrivals[way], clock.now() + latency())
    clock.after(arrivals[way] - clock.now(), arrive)
  }

  /** A test may watch for it. */
  retry = () => {}

  stop(): void {
    this.cut()
    this.listener = undefined
  }

  /** The connection breaks; what is under way in either direction is lost. */
  cut(offline = false, waiting?: Waiting, asked = false): void {
    this.generation += 1
    this.forget()
    if (this.session) this.hub.disconnected(this.session)
    this.session = undefined
    this.listener?.closed(offline, waiting, asked)
  }

  /** Leaves the connection half open: this end gives it up, the hub does not know. Returns what ends it there, late. */
  abandon(): () => void {
    const { hub, session } = this
    this.session = undefined
    this.cut()
    return () => session && hub.disconnected(session)
  }

  private forget(): void {
    this.unreadMessages = undefined
    this.unreadBytes = 0
    this.connection = undefined
    this.unheard = undefined
  }

  /** Breaks the connection and leads the next one to another hub: the server was started again. */
  rewire(hub: HubRuntime, clock: Clock): void {
    this.abandon()
    this.hub = hub
    this.clock = clock
  }

  /** The connection comes back. */
  async connect(): Promise<void> {
    const { listener } = this
    if (!listener || this.session) return
    this.generation += 1
    const { generation } = this
    const greeting = structure(await listener.hello())
    const hello = this.alter ? this.alter(greeting) : greeting
    if (generation !== this.generation) return
    const deliver = (name: string, args: readonly unknown[]) =>
      this.carry('down', () => {
        if (generation !== this.generation || this.deaf) return
        this.received.push([name, ...args])
        for (const each of this.alterDown?.(name, args) ?? [args]) listener.message(name, each)
      })
    const connection = this.connectionOf(deliver, generation)
    this.connection = connection
    try {
      this.session = this.hub.connect(connection, hello, this.browser)
    } catch (thrown) {
      const error = concealed('handler-failed', 'A hello', thrown)
      const { code, message } = toFailure(error)
      const { afterMs } = error
      deliver('bye', [code, message, ...(afterMs === undefined ? [] : [afterMs])])
      this.clock.turn(() => this.cut())
    }
  }

  private connectionOf(
    deliver: (name: string, args: readonly unknown[]) => void,
    generation: number,
  ): Connection & { written: number } {
    const wire = this
    const end = () => this.clock.turn(() => generation === this.generation && this.cut(false, undefined, true))
    return {
      get unread() {
        return generation === wire.generation ? wire.unreadBytes : 0
      },
      written: 0,
      onTaken: undefined,
      send(name, ...args) {
        const text = JSON.stringify(args)
        const bytes = text.length
        const sent = JSON.parse(text)
        this.written += bytes
        const { unreadMessages } = wire
        if (!unreadMessages || generation !== wire.generation) return deliver(name, sent)
        wire.unreadBytes += bytes
        unreadMessages.push(() => {
          wire.unreadBytes -= bytes
          deliver(name, sent)
        })
      },
      pause: () => {
        if (generation === this.generation) this.unheard ??= []
      },
      resume: () => {
        const waiting = this.unheard ?? []
        this.unheard = undefined
        for (const arrive of waiting) arrive()
      },
      close: end,
      abort: end,
    }
  }
}

/** `value` as it comes out at the other end of a socket. */
const structure = <T>(value: T): T => JSON.parse(JSON.stringify(value))
