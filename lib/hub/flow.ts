/**
 * Which lock does the code that runs now hold already? Answered along the asynchronous flow, so that a lock requested
 * inside a block that holds it is refused at once instead of waiting for itself, while siblings of that block queue.
 *
 * A callback runs inside its flow, so it is known exactly. A block (`await using held = await lock()`) can only mark the
 * flow of its function from the moment of the call; the mark also reaches code that the caller runs later in the same
 * function, which matters only if the caller left the block running and takes the lock itself meanwhile.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
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
  private readonly storage = new AsyncLocalStorage<Hold | undefined>()

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

  /** Runs `work` under a hold of its own. */
  run<T>(hold: Hold, work: () => T): T {
    return this.storage.run(hold, work)
  }

  /** Runs `work` free of any hold: it will outlive the one of its caller. */
  outside<T>(work: () => T): T {
    return this.storage.run(undefined, work)
  }

  /** A hold for a callback. */
  hold(token: string): Hold {
    return { token, outer: this.current(), active: true, entering: false }
  }

  /** Marks the flow of the calling function, for a block. Must be called in the synchronous part of `lock()`. */
  enter(token: string): Hold {
    const hold: Hold = { token, outer: this.current(), active: false, entering: true }
    this.storage.enterWith(hold)
    queueMicrotask(() => {
      hold.entering = false
    })
    return hold
  }

  private current(): Hold | undefined {
    let hold = this.storage.getStore()
    while (hold?.entering) hold = hold.outer
    return hold
  }
}
