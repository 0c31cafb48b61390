/** The lock of a token, held by server code outside of tasks to the end of a block. */
import type { Definition } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'
import type { LockScope } from './lock-scope.js'
import type { Transaction } from './transaction.js'
import type { UsingWatch } from './using-watch.js'

/** Disposing of the block saves the change and releases the lock. The first access to it marks the flow that holds the lock. */
export function heldBlock(transaction: Transaction, flow: LockScope, watch: UsingWatch | undefined): HeldToken {
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
    token: transaction.token,
    get: ((other: Definition) => {
      flow.enter(transaction)
      return transaction.get(other.id)
    }) as HeldToken['get'],
    rollback: () => transaction.rollback(),
    get [Symbol.asyncDispose]() {
      flow.enter(transaction) // `await using` looks here first
      watch?.done()
      return dispose
    },
  }
}
