/**
 * What code of the server changes state with: `modifyState`, blocks that hold the lock, and the `update` and `lock` of tasks. Each refuses to
 * wait for a lock that its own flow holds.
 */
import { after, type Eventually, promised } from '../base/eventually.js'
import { ownValue } from '../base/value.js'
import type { Definition, StateOf } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'
import type { State } from '../store/store.js'
import { HeldInside } from '../tasks/held-inside.js'
import { granted, type Permit } from '../tasks/permit.js'
import type { Access } from '../tasks/self.js'
import type { Author } from './flow.js'
import { heldBlock } from './held.js'
import { type Source, traced } from './holder.js'
import type { Hub } from './hub.js'
import { beginSettled, transact } from './opening.js'
import type { Transaction } from './transaction.js'

export class Writing {
  private readonly hub: Hub

  constructor(hub: Hub) {
    this.hub = hub
  }

  /** Runs `change` on one state under the lock. */
  modify<D extends Definition, T>(
    token: string,
    definition: D,
    change: (state: StateOf<D>, held: HeldToken) => T | Promise<T>,
  ): Eventually<T> {
    const work = (transaction: Transaction) =>
      change(transaction.get(definition.id) as StateOf<D>, new HeldInside(definition.id, transaction))
    return this.exclusive(token, change, work, { modified: definition.id })
  }

  /** Holds the lock until the block is left. */
  lock(token: string): Eventually<HeldToken> {
    return after(this.block(token, granted), (transaction) => {
      void this.hub.tracked(transaction.untilReleased())
      return heldBlock(transaction, this.hub.flow)
    })
  }

  /** What the tasks of a token write with. */
  access(token: string): Access {
    return {
      clock: this.hub.clock,
      snapshot: (state, id) => this.snapshot(token, state, id),
      update: (permit, author, work) => this.exclusive(token, author, work, permit.run, permit),
      lock: (permit) => promised(() => this.block(token, permit)),
      mark: (transaction) => this.hub.flow.mark(transaction as Transaction),
    }
  }

  /** Takes the lock for a block. Its flow is marked when the block is first touched, and must be followed until then. */
  private block(token: string, permit: Permit): Eventually<Transaction> {
    this.hub.flow.refuseNested(token)
    this.hub.flow.begin()
    return beginSettled(this.hub, token, permit, traced(permit.run ?? 'hub.lock'))
  }

  /** One transaction that runs a function of the author's. */
  private exclusive<T>(
    token: string,
    author: Author,
    work: (transaction: Transaction) => Eventually<T>,
    source: Source | undefined,
    permit = granted,
  ): Eventually<T> {
    this.hub.flow.refuseNested(token)
    return transact(this.hub, token, permit, author, work, traced(source))
  }

  private snapshot(token: string, state: State | undefined, id: string): object {
    const definition = this.hub.registry.get(id)
    const instance = this.hub.instance(token)
    const fields = ownValue(state ?? instance.state, id) ?? instance.unsaved(definition)
    return { ...fields, ...instance.computed(definition).evaluate(fields) }
  }
}
