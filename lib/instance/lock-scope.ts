/**
 * Knows which lock the running code already holds. It follows the asynchronous flow, so that a lock requested inside a block
 * that holds it is refused at once instead of waiting for itself, while siblings of that block queue.
 *
 * A callback runs inside its flow, so it is known exactly. A block (`await using held = await lock()`) marks the flow of
 * its function when that function first touches what it was given, which `await using` does at once. `lock()` itself must
 * not leave a mark: it runs in the flow of its caller, and would mark whatever the caller starts next to the block.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { HeldStateError } from '../base/errors.js'
import { isPromise } from '../base/eventually.js'
import type { Trigger } from '../state/trigger.js'
import { type Holder, nameOf } from './lock-source.js'

/** One hold of a lock, as seen from the code that runs under it. */
export interface HeldLock {
  readonly token: string
  /** The code that took the lock. */
  readonly holder: Holder
  readonly outer: HeldLock | undefined
  readonly active: boolean
  /** Triggers that its handler makes, in development. */
  made?: { note(trigger: Trigger): void } | undefined
}

/** A function of the user's. */
export type Author = (...args: never[]) => unknown

/** One storage for all hubs of the process, because each storage in use makes every promise slower. */
const storage = new AsyncLocalStorage<HeldLock | undefined>()
/** The hold that the running code was called under, even if that hold is over. */
export const current = (): HeldLock | undefined => storage.getStore()

/** The number of hubs that follow flows. */
let following = 0

export class LockScope {
  private follows = false
  private isClosed = false
  /** The hold of a synchronous function that runs now. */
  private running: HeldLock | undefined

  /**
   * Throws `nested-lock` if the running code holds a lock: that of `token`, for which it would wait for ever, or another one, whose holder may come
   * to wait for this one.
   */
  refuseNested(token?: string): void {
    const innermost = this.current()
    if (!innermost) return
    for (let hold: HeldLock | undefined = innermost; hold; hold = active(hold.outer))
      if (hold.token === token) throw nested(hold)
    throw nestedInOther(innermost)
  }

  /**
   * Runs `work` under a hold of its own; `author` is the function of the user's that it will call. Once any flow is
   * followed, every promise of the process costs more, so that begins with the first function that may wait. A plain
   * function that returns a promise shows it too late: the very first one is not followed, later ones are.
   */
  run<H extends HeldLock, T>(hold: H, author: Author, work: (hold: H) => T): T {
    if (this.follows || waits.has(author.constructor)) return this.follow(hold, work)
    const { running } = this
    this.running = hold
    try {
      const result = work(hold)
      if (isPromise(result)) this.begin()
      return result
    } finally {
      this.running = running
    }
  }

  /** Runs `work` outside of any hold, because it outlives the hold of its caller. `as` stands for code that holds nothing. */
  outside<T>(work: () => T, as?: HeldLock): T {
    return this.current() || this.follows ? this.follow(as, work) : work()
  }

  /** Marks the flow that runs now as the inside of the block that `hold` stands for. */
  enter(hold: HeldLock): void {
    for (let known = this.current(); known; known = active(known.outer)) if (known === hold) return
    if (hold.active && this.follows) storage.enterWith(hold)
  }

  /** Follows flows from now on: a flow that began before cannot be marked. */
  begin(): void {
    if (!this.follows) this.follow(undefined, () => {})
  }

  /** Follows no flow any more: what is followed costs the whole process. */
  close(): void {
    if (this.follows) following -= 1
    if (following === 0) storage.disable()
    this.follows = false
    this.isClosed = true
  }

  private follow<H extends HeldLock | undefined, T>(hold: H, work: (hold: H) => T): T {
    if (this.isClosed) return work(hold)
    if (!this.follows) following += 1
    this.follows = true
    const { running } = this
    this.running = undefined
    try {
      return storage.run(hold, work, hold)
    } finally {
      this.running = running
    }
  }

  /** The innermost hold of the code that runs now. */
  current(): HeldLock | undefined {
    return active(this.running ?? (this.follows ? storage.getStore() : undefined))
  }
}

const nested = ({ holder }: HeldLock) =>
  new HeldStateError(
    'nested-lock',
    `The lock was requested inside ${nameOf(holder)}, which already holds it, so it would deadlock. Use the state ` +
      'that you already have, or end the block first.',
  )

const nestedInOther = ({ holder }: HeldLock) =>
  new HeldStateError(
    'nested-lock',
    `A lock was requested inside ${nameOf(holder)}, which holds the lock of its own tab. Two tabs that do this to each other deadlock, even without "await". Return the ` +
      'trigger of a background task instead, and change the other tab there, outside of update() and lock().',
  )

/** The innermost hold that is not over: a flow that goes on after a block must not keep a chain of all its blocks. */
function active(hold: HeldLock | undefined): HeldLock | undefined {
  let innermost = hold
  while (innermost && !innermost.active) innermost = innermost.outer
  return innermost
}

/** Constructors of functions that may wait before they return. */
const waits = new Set<unknown>([
  (async () => {}).constructor,
  Object.getPrototypeOf(async function* () {}).constructor,
  Object.getPrototypeOf(function* () {}).constructor,
])
