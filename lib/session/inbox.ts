/**
 * The messages of a tab that wait and are handled, one after the other. A call whose change is on its way to the store has
 * passed: the next message is begun, and the call ends later. Calls end in the order in which they came.
 */
import { type Eventually, isPromise } from '../base/eventually.js'
import type { Passing } from '../calls/in-order.js'
import type { Unsaved } from '../instance/instance.js'
import type { Up, Written } from '../protocol/up.js'

export interface InboxOptions {
  /** So many bytes more wait or run, or less. */
  sized(bytes: number): void
  /** Whether the next message may be handled now; if not, `drain` is called when it may. */
  mayRun(): boolean
}

/** The page whose messages they are. */
export interface InboxPage {
  /** Never rejects. */
  handle(up: Up): Eventually<void>
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

export class Inbox {
  /** The messages of a batch that is being read. */
  coming: readonly Written[] = []
  private readonly page: InboxPage
  private readonly waiting: Waiting[] = []
  /** Bytes of the message that is handled, and of each of those that pass. */
  private size = 0
  private passingSizes: number[] | undefined
  private readonly options: InboxOptions
  private isOpen = false
  /** The message that was taken last; it is handled still while there is `working`. */
  private current: Up | undefined
  private working: Promise<void> | undefined
  private passing: Passing | undefined
  private passingCalls = 0
  /** With what the call that is handled has passed, before its handling has returned. */
  private passedWith: Unsaved | undefined

  /** `before` is what was begun for the same page earlier. */
  constructor(before: Promise<void> | undefined, page: InboxPage, options: InboxOptions) {
    this.working = before
    this.page = page
    this.options = options
  }

  /** Messages that have not been handled to their end, but for the one that is handled. */
  get length(): number {
    return this.waiting.length + this.passingCalls
  }

  /** Nothing waits that could be handled now. */
  get isIdle(): boolean {
    return this.waiting.length === 0 || this.working !== undefined || !this.isOpen
  }

  /** Done when the messages that were begun have been handled to their end. */
  get busy(): Promise<void> | undefined {
    const { working, passing } = this
    return working && passing ? passing.ended.then(() => working) : (working ?? passing?.ended)
  }

  /** What the call that begins now comes after. */
  get before(): Passing | undefined {
    return this.passing
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
    for (const { size } of this.waiting.splice(0)) this.options.sized(-size)
  }

  /** `size` is that of the message, in bytes. */
  add(up: Up, size = 0): void {
    this.waiting.push({ up, size })
    this.options.sized(size)
    this.drain()
  }

  /** Whether there is such a message among those that wait or are handled. */
  has(matches: (up: Up) => boolean): boolean {
    return (
      this.waiting.some(({ up }) => matches(up)) ||
      (this.working !== undefined && this.current !== undefined && matches(this.current))
    )
  }

  /** What the call that is handled has changed is on its way to the store: the next one begins with that. */
  readonly passed = (pending: Unsaved): void => {
    const { working } = this
    if (!working) {
      this.passedWith = pending
      return
    }
    this.working = undefined
    this.pass(working, pending)
    this.drain()
  }

  /** What needs no waiting is done at once, as long as it is this page's turn. */
  drain(): void {
    while (!this.working && this.isOpen && this.waiting.length > 0) {
      if (!this.options.mayRun()) return
      const { up, size } = this.waiting.shift() as Waiting
      this.size = size
      this.passedWith = undefined
      this.current = up
      const work = this.page.handle(up)
      if (!isPromise(work)) {
        this.options.sized(-this.size)
        continue
      }
      if (this.passedWith) this.pass(work, this.passedWith)
      else {
        this.working = work
        this.continue()
      }
    }
  }

  /** Whether the page has sent such a call after the one with this id. */
  hasLater({ id, definition, member }: LaterCall): boolean {
    const isInBatch = this.coming.some(
      ([name, other, ...names]) =>
        name === 'call' && (other as number) > id && names[0] === definition && names[1] === member,
    )
    return (
      isInBatch ||
      this.has((up) => up.type === 'call' && up.id > id && up.definition === definition && up.member === member)
    )
  }

  /** Drains once what is under way has ended. */
  private continue(): void {
    const { working } = this
    if (!working) return this.drain()
    void working.then(() => {
      if (this.working !== working) return // it has passed
      this.working = undefined
      this.options.sized(-this.size)
      this.size = 0
      this.drain()
    })
  }

  /** `work` ends after what has passed before it. */
  private pass(work: Promise<void>, pending: Unsaved): void {
    this.passingCalls += 1
    this.passingSizes ??= []
    this.passingSizes.push(this.size)
    this.size = 0
    this.passing = { ended: work, pending }
    void work.then(() => this.ended())
  }

  private ended(): void {
    this.passingCalls -= 1
    this.options.sized(-(this.passingSizes?.shift() ?? 0))
    if (this.passingCalls > 0) return
    this.passing = undefined
    this.passingSizes = undefined
  }
}
