/**
 * The context of a function that runs under the lock until it returns: `this` of an event, the second argument of `update` and
 * of `modifyState`. Its return releases the lock, so there is nothing to dispose. It is a class because one is
 * made for each call and most are never read.
 */
import type { Definition, StateOf } from '../state/definition.js'
import type { EventContext, Held } from '../state/self.js'
import type { Transaction } from './transaction.js'

export class HandlerContext implements Held<object>, EventContext {
  private readonly definition: string
  private readonly transaction: Transaction

  constructor(definition: string, transaction: Transaction) {
    this.definition = definition
    this.transaction = transaction
  }

  get token() {
    return this.transaction.tokenForAuthor()
  }

  get state() {
    return this.transaction.get(this.definition)
  }

  get<D extends Definition>(other: D) {
    return this.transaction.get(other.id) as StateOf<D>
  }

  rollback() {
    this.transaction.rollback()
  }

  async [Symbol.asyncDispose]() {}
}
