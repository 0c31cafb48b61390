/**
 * Which lock does the code that runs now hold already? Answered along the asynchronous flow, so that a lock requested
 * inside a block that holds it is refused at once instead of waiting for itself, while siblings of that block queue.
 *
 * A callback runs inside its flow, so it is known exactly. A block (`await using held = await lock()`) can only mark the
 * flow of its function from the moment of the call; the mark also reaches code that the caller runs later in the same
 * function, which matters only if the caller left the block running and takes the lock itself meanwhile.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { isPromise } from '../base/eventually.js'
import { HeldStateError } from '../base/errors.js'

/** One hold of a lock, as seen from the code that runs under it. */
export interface Hold {
  readonly token: string
  readonly outer: Hold | undefined
  active: boolean
  /** The block has not begun: who sees this mark now is a sibling, called in the same breath. */
  entering: boolean
}

export class Flow {
  private storage: AsyncLocalStorage<Hold | undefined> | undefined
  /** The hold of a synchronous function that runs now. */
  private running: Hold | undefined
  private readonly asynchronous = new WeakSet<object>()

  /** Throws `nested-lock` if the running code holds the lock of `token`. */
  refuseNested(token: string): void {
    for (let hold = this.current(); hold; hold = hold.outer)
      if (hold.token === token && hold.active)
        throw new HeldStateError(
          'nested-lock',
          'The lock was requested inside a block or handler that already holds it, and would wait for itself for ever. ' +
            'Use the state at hand, or end the block first.',
        )
  }

  /**
   * Runs `work` under a hold of its own; `author` is the function of the user's that it will call. Following an
   * asynchronous function costs more than running a synchronous one, so only what may wait is followed. A plain function
   * that returns a promise is noticed when it does, and followed from its next run on.
   */
  run<T>(hold: Hold, author: (...args: never[]) => unknown, work: () => T): T {
    if (waits.has(author.constructor) || this.asynchronous.has(author)) return this.follow(hold, work)
    const { running } = this
    this.running = hold
    try {
      const result = work()
      if (isPromise(result)) this.asynchronous.add(author)
      return result
    } finally {
      this.running = running
    }
  }

  /** Runs `work` free of any hold: it will outlive the one of its caller. */
  outside<T>(work: () => T): T {
    return this.current() || this.storage ? this.follow(undefined, work) : work()
  }

  /** A hold for a callback. */
  hold(token: string): Hold {
    return { token, outer: this.current(), active: true, entering: false }
  }

  /** Marks the flow of the calling function, for a block. Must be called in the synchronous part of `lock()`. */
  enter(token: string): Hold {
    const hold: Hold = { token, outer: this.current(), active: false, entering: true }
    this.storage ??= new AsyncLocalStorage()
    this.storage.enterWith(hold)
    queueMicrotask(() => {
      hold.entering = false
    })
    return hold
  }

  private follow<T>(hold: Hold | undefined, work: () => T): T {
    this.storage ??= new AsyncLocalStorage()
    const { running } = this
    this.running = undefined
    try {
      return this.storage.run(hold, work)
    } finally {
      this.running = running
    }
  }

  private current(): Hold | undefined {
    let hold = this.running ?? this.storage?.getStore()
    while (hold?.entering) hold = hold.outer
    return hold
  }
}

/** Constructors of functions that may wait before they end. */
const waits = new Set<unknown>([
  (async () => {}).constructor,
  Object.getPrototypeOf(async function* () {}).constructor,
  Object.getPrototypeOf(function* () {}).constructor,
])
