/**
 * Functions of the author's under the lock of a token, outside of events: `update` and `lock` of a task, `modifyState` and
 * `hub.lock`.
 */
import type { Clock } from '../base/clock.js'
import { type Eventually, promised } from '../base/eventually.js'
import type { State } from '../store/store.js'
import type { Permit } from '../tasks/permit.js'
import type { Access } from '../tasks/self.js'
import type { Author } from './flow.js'
import { type Source, traced } from './holder.js'
import { beginSettled, transact } from './opening.js'
import type { Ground, Transaction } from './transaction.js'

export interface ExclusiveGround extends Ground {
  readonly clock: Clock
}

/** What `self` of a task of a token works with. */
export function accessOf(ground: ExclusiveGround, token: string): Access {
  return {
    clock: ground.clock,
    snapshot: (state, id) => snapshot(ground, token, state, id),
    update: (permit, author, work) => exclusive(ground, token, author, work, permit.run, permit),
    lock: (permit) => promised(() => block(ground, token, permit)),
    mark: (transaction) => ground.flow.mark(transaction as Transaction),
  }
}

/** Takes the lock for a block. Its flow is marked when the block is first touched, and must be followed until then. */
export function block(ground: ExclusiveGround, token: string, permit: Permit): Eventually<Transaction> {
  ground.flow.refuseNested(token)
  ground.flow.begin()
  return beginSettled(ground, token, permit, traced(permit.run ?? 'hub.lock'))
}

/** One transaction that runs a function of the author's. */
export function exclusive<T>(
  ground: ExclusiveGround,
  token: string,
  author: Author,
  work: (transaction: Transaction) => Eventually<T>,
  source: Source | undefined,
  permit: Permit,
): Eventually<T> {
  ground.flow.refuseNested(token)
  return transact(ground, token, permit, author, work, traced(source))
}

function snapshot(ground: ExclusiveGround, token: string, state: State | undefined, id: string): object {
  const definition = ground.registry.get(id)
  const known = ground.instance(token)
  const fields = (state ?? known.state)[id] ?? definition.members.initial()
  return { ...fields, ...known.computed(definition).evaluate(fields) }
}
