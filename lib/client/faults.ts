/** Faults of a network, made in the page itself: for pages that show or test what happens then, and for nothing else. */
import { systemClock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import { interceptor } from './interceptor.js'

/** Something that happened between this page and the hub. */
export interface WireEvent {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** A message that left or arrived, one that a fault swallowed, or a connection that opened or ended. */
  readonly kind: 'out' | 'in' | 'lost' | 'open' | 'close'
  /** Name of the message, `''` where there is none. */
  readonly name: string
  /** UTF-8 bytes of the message as Socket.IO sends it, before compression and the frame of the WebSocket. */
  readonly bytes: number
}

/** Which faults are in effect. */
export interface FaultsNow {
  readonly cut: boolean
  readonly halfOpen: boolean
  /** Milliseconds, each way. */
  readonly delayMs: number
  /** How many messages of the hub are still to be lost. */
  readonly answersToLose: number
}

const none: FaultsNow = { cut: false, halfOpen: false, delayMs: 0, answersToLose: 0 }
const encoder = new TextEncoder()

/**
 * Cuts, delays and watches the connection of this page. A fault ends with its time, with `restore()`, or with the page. It
 * weakens no promise: what heldstate does then is what it does in a bad network.
 */
export class Faults {
  private state = none
  private readonly listeners = new Set<(event: WireEvent) => void>()
  /** Counts connections, so that what waited in one that is closed goes nowhere. */
  private connection = 0
  /** Messages that a delay holds, each way. */
  private readonly held: Record<'out' | 'in', (() => void)[]> = { out: [], in: [] }
  private cancelTimer: (() => void) | undefined

  /** The faults in effect, the same object until they change. */
  get now(): FaultsNow {
    return this.state
  }

  /** Ends the connection; none can be made for so many milliseconds, or until `restore()`. */
  cut(ms?: number): void {
    this.begin({ cut: true }, ms)
    interceptor.cut?.()
  }

  /** The connection seems to stand, and nothing passes for so many milliseconds, or until `restore()`. */
  halfOpen(ms?: number): void {
    this.begin({ halfOpen: true }, ms)
  }

  /** Each message takes so many milliseconds longer, each way: from 0 to 60,000. */
  delay(ms: number): void {
    if (!(ms >= 0 && ms <= 60_000)) throw invalid('delay(ms) takes milliseconds from 0 to 60,000.')
    this.become({ delayMs: ms })
  }

  /** The next `count` messages of the hub are lost; the connection ends 2 seconds after the first, as it does when nobody answers. */
  loseAnswers(count: number): void {
    if (!Number.isInteger(count) || count < 1) throw invalid('loseAnswers(count) takes a whole number of 1 or more.')
    this.become({ answersToLose: count })
  }

  /** Ends all faults, and connects at once. */
  restore(): void {
    this.cancelTimer?.()
    this.state = none
    interceptor.retry?.()
  }

  /** Calls `listener` with each event from now on; the returned function ends that. */
  watch(listener: (event: WireEvent) => void): () => void {
    this.stand()
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private begin(fault: Partial<FaultsNow>, ms: number | undefined): void {
    if (ms !== undefined && !(ms > 0)) throw invalid('A fault takes more than 0 milliseconds, or no number to last.')
    this.cancelTimer?.()
    this.become({ cut: false, halfOpen: false, ...fault }) // replaces the fault before, and its time
    this.cancelTimer = ms === undefined ? undefined : systemClock.after(ms, () => this.restored())
  }

  private restored(): void {
    this.become({ cut: false, halfOpen: false })
    interceptor.retry?.()
  }

  private become(fault: Partial<FaultsNow>): void {
    this.stand()
    this.state = { ...this.state, ...fault }
  }

  /** Takes its place between the page and its socket. */
  private stand(): void {
    interceptor.between ??= {
      refuses: () => this.state.cut || this.state.halfOpen,
      opened: () => this.tell('open'),
      closed: () => {
        this.connection += 1
        this.held.out = []
        this.held.in = []
        this.tell('close')
      },
      leaves: (name, args, pass) => this.pass('out', name, args, pass),
      arrives: (name, args, pass) => this.pass('in', name, args, pass),
    }
  }

  private pass(kind: 'out' | 'in', name: string, args: readonly unknown[], pass: () => void): void {
    const { halfOpen, cut, delayMs } = this.state
    if (cut || halfOpen || (kind === 'in' && this.loses())) return this.tell('lost', name, args)
    this.tell(kind, name, args)
    const { held, connection } = this
    if (delayMs === 0 && held[kind].length === 0) return pass()
    held[kind].push(pass)
    systemClock.after(Math.max(delayMs, 1), () => this.connection === connection && this.release(kind))
  }

  /** As many messages pass as timers have run; each is the one that has waited longest, since a connection keeps the order. */
  private release(kind: 'out' | 'in'): void {
    this.held[kind].shift()?.()
  }

  /** Whether this message of the hub is one of those to be lost. */
  private loses(): boolean {
    const { answersToLose } = this.state
    if (answersToLose === 0) return false
    this.become({ answersToLose: answersToLose - 1 })
    const { connection } = this
    systemClock.after(pageLimits.lineAnswerMs, () => this.connection === connection && interceptor.cut?.())
    return true
  }

  private tell(kind: WireEvent['kind'], name = '', args: readonly unknown[] = []): void {
    if (this.listeners.size === 0) return
    const bytes = name === '' ? 0 : encoder.encode(`42${JSON.stringify([name, ...args])}`).length
    for (const listener of this.listeners) listener({ at: systemClock.now(), kind, name, bytes })
  }
}

/** The faults of this page. */
export const faults: Faults = new Faults()

const invalid = (message: string) => new HeldStateError('invalid-arguments', message)
