/**
 * What a function is given that runs under the lock from its first line to its last: `this` of an event, the second
 * argument of `update` and of `modifyState`. Its end ends the hold, so there is nothing to dispose. A class, since one is
 * made for each of them and few are looked at.
 */
import type { Definition, StateOf } from '../state/definition.js'
import type { EventContext, Held } from '../state/self.js'

/** What it needs of a transaction. */
export interface InsideTransaction {
  /** Its token, which the author's code may hand to others: it is that of a tab from now on, also after a restart. */
  handOut(): string
  get(id: string): object
  rollback(): void
}

export class HeldInside implements Held<object>, EventContext {
  private readonly definition: string
  private readonly transaction: InsideTransaction

  constructor(definition: string, transaction: InsideTransaction) {
    this.definition = definition
    this.transaction = transaction
  }

  get token() {
    return this.transaction.handOut()
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
