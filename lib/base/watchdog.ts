/**
 * Names code of the author's that held the thread for long: nobody is served meanwhile, and nothing else would say whose it
 * was. It takes the time of each function that is called, and costs two looks at the clock.
 */
import type { Clock } from './clock.js'
import type { Log } from './log.js'
import { handlerLimits } from './server-limits.js'

/** A function that waits for something, and may compute once it goes on. */
export interface Waiting {
  name(): string
}

/** What is seen from another thread while this one stands still. */
export interface Board {
  /** The function that runs now; `undefined` if none does. */
  show(kind: string | undefined, definition: string, name: string): void
  close(): Promise<unknown>
}

export class Watchdog {
  private readonly clock: Pick<Clock, 'now'>
  private readonly log: Pick<Log, 'warn'>
  private board: Board | undefined
  /** Functions that have called one another, from the outermost: one list for each property, so that none is made for a call. */
  private depth = 0
  private readonly kinds: (string | undefined)[] = []
  private readonly definitions: string[] = []
  private readonly names: string[] = []
  private readonly since: number[] = []
  private readonly waiting = new Set<Waiting>()
  /** The one that has gone on last. */
  private last: Waiting | undefined
  private hasNamed = false

  constructor(clock: Pick<Clock, 'now'>, log: Pick<Log, 'warn'>) {
    this.clock = clock
    this.log = log
  }

  /** A function waits for something from now on, until `resumed`. */
  waits(waiting: Waiting): void {
    this.waiting.add(waiting)
  }

  resumed(waiting: Waiting): void {
    this.waiting.delete(waiting)
    this.last = waiting
  }

  /**
   * To be called at each sign of life of the thread: at most `count` functions that may have held it since the last one, since
   * they went on after waiting; `undefined` if the one that did is named already.
   */
  suspects(count: number): readonly string[] | undefined {
    const { last, hasNamed } = this
    this.last = undefined
    this.hasNamed = false
    if (hasNamed) return undefined
    const names = new Set(last ? [last.name()] : [])
    for (const waiting of this.waiting) {
      if (names.size >= count) break
      names.add(waiting.name())
    }
    return [...names]
  }

  /** Shows it to another thread as well. */
  attach(board: Board): void {
    void this.board?.close()
    this.board = board
  }

  /** A function of the author's is called, at `now`. `leave` must follow when it returns or throws. */
  enter(kind: string, definition: string, name: string, now = this.clock.now()): void {
    const { depth } = this
    this.kinds[depth] = kind
    this.definitions[depth] = definition
    this.names[depth] = name
    this.since[depth] = now
    this.depth = depth + 1
    this.board?.show(kind, definition, name)
  }

  leave(): void {
    const depth = this.depth - 1
    this.depth = depth
    const ms = this.clock.now() - (this.since[depth] as number)
    if (ms >= handlerLimits.threadHeldMs) this.tell(depth, ms)
    if (this.board) this.show(depth - 1)
  }

  async close(): Promise<void> {
    const { board } = this
    this.board = undefined
    await board?.close()
  }

  private show(depth: number): void {
    this.board?.show(this.kinds[depth], this.definitions[depth] ?? '', this.names[depth] ?? '')
  }

  private tell(depth: number, ms: number): void {
    this.hasNamed = true
    const name = nameOf(this.kinds[depth] as string, this.definitions[depth] as string, this.names[depth] as string)
    this.log.warn(`${name} blocked the event loop for ${ms} ms. ${heldThread}`)
    if (depth > 0) (this.since[depth - 1] as number) += ms // it is not to be blamed for what it called
  }
}

export const nameOf = (kind: string, definition: string, name: string): string =>
  name === '' ? `${kind} of state "${definition}"` : `${kind} "${name}" of state "${definition}"`

export const heldThread = 'No page was served during that time. Split the computation, or move it to a worker thread.'
