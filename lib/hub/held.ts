/** The lock of a token as server code outside of tasks holds it: inside a callback, or to the end of a block. */
import type { Definition } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'
import type { Flow } from './flow.js'
import type { Transaction } from './transaction.js'

/** The end of a callback ends what it holds, so there is nothing to dispose. */
export function heldInside(transaction: Transaction): HeldToken {
  return {
    token: transaction.token,
    get: ((other: Definition) => transaction.get(other.id)) as HeldToken['get'],
    rollback: () => transaction.rollback(),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Held until it is disposed of, once: the change is saved then. Touching it marks the flow that holds it. */
export function heldBlock(transaction: Transaction, flow: Flow): HeldToken {
  const inside = heldInside(transaction)
  const dispose = async () => {
    if (!transaction.active) return
    try {
      transaction.stage()
      transaction.close()
      await transaction.save()
    } finally {
      transaction.release()
    }
  }
  return {
    ...inside,
    get: (other) => {
      flow.mark(transaction)
      return inside.get(other)
    },
    get [Symbol.asyncDispose]() {
      flow.mark(transaction) // `await using` looks here first
      return dispose
    },
  }
}
