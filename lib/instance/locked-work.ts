/**
 * Functions of the author's under the lock of a token, outside of events: `update` and `lock` of a task, `modifyState` and
 * `hub.lock`.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { inTab } from '../base/text.js'
import { ownValue } from '../base/value.js'
import type { Watchdog } from '../base/watchdog.js'
import type { State } from '../store/store.js'
import type { CancelGuard } from './cancel-guard.js'
import type { Core } from './core.js'
import { Deadline } from './deadline.js'
import type { Instance } from './instance.js'
import type { Author } from './lock-scope.js'
import { nameOf, type Source, traced } from './lock-source.js'
import { madeBy } from './made-triggers.js'
import { beginFromSaved, transact } from './transact.js'
import type { Transaction } from './transaction.js'
import type { Turn } from './turn.js'

export interface LockedWorkCore extends Core {
  readonly clock: Clock
  readonly turn: Turn
  readonly watchdog: Watchdog
  saveEnds(instance: Instance): Eventually<void>
  tracked<T>(work: Eventually<T>): Eventually<T>
}

/** Saves a token that a task was given, since the task may give it to others. No caller waits for that. */
export function saveHandedOut(core: LockedWorkCore, token: string): void {
  const instance = core.instance(token)
  if (instance.revision > 0 || instance.pending) return
  const complain = (error: unknown) =>
    core.log.warn(`Failed to save a tab whose token was passed to a task ${inTab(token)}.`, error)
  core.lockScope.outside(() => void core.tracked(rescued(() => core.saveEnds(instance), complain)))
}

/** Takes the lock for a block. Its flow is marked when the block is first touched, and must be followed until then. */
export function openBlock(core: LockedWorkCore, token: string, guard: CancelGuard): Eventually<Transaction> {
  core.lockScope.refuseNested(token)
  core.lockScope.begin()
  const holder = traced(guard.run ?? 'hub.lock')
  const turned = core.turn.giveWay(token)
  return turned
    ? turned.then(() => beginFromSaved(core, token, guard, holder))
    : beginFromSaved(core, token, guard, holder)
}

/** Runs a function of the author's in one transaction. Errors of callers that wait for the lock name `source` as its holder. */
export function runLocked<T>(
  core: LockedWorkCore,
  token: string,
  author: Author,
  change: (transaction: Transaction) => Eventually<T>,
  source: Source,
  guard: CancelGuard,
): Eventually<T> {
  core.lockScope.refuseNested(token)
  const holder = traced(source)
  let began: number | undefined
  const work = (transaction: Transaction) => run(core, source, guard, change, transaction, began)
  const turned = core.turn.giveWay(token)
  if (turned) return turned.then(() => transact(core, token, guard, author, work, holder))
  began = core.turn.askedAt
  const result = transact(core, token, guard, author, work, holder)
  began = undefined // it has waited for something
  return result
}

/** Calls it; where it waits for something, the lock is its for a while and until its task is cancelled. */
function run<T>(
  core: LockedWorkCore,
  source: Source,
  guard: CancelGuard,
  change: (transaction: Transaction) => Eventually<T>,
  transaction: Transaction,
  now: number | undefined,
): Eventually<T> {
  const { limits, watchdog } = core
  let result: Eventually<T>
  if (typeof source === 'object' && 'task' in source) watchdog.enter('Task', source.definition, source.task, now)
  else
    watchdog.enter('modifyState()', typeof source === 'object' && 'modified' in source ? source.modified : '', '', now)
  const made = typeof source === 'object' && 'modified' in source ? madeBy(core.log, source) : undefined
  if (made) transaction.made = made
  try {
    result = change(transaction)
  } finally {
    watchdog.leave()
  }
  if (made) result = after(result, (value) => (made.close(true), value))
  return isPromise(result)
    ? new Deadline(core, limits.eventTimeoutMs, () => nameOf(source), late).within(result, guard.signal)
    : result
}

const late = (name: string, ms: number) =>
  new HeldStateError(
    'event-timeout',
    `A change by ${name} held the lock for ${ms} ms (limit "eventTimeoutMs") and was stopped. Nothing was changed. ` +
      'Move slow work out of the lock.',
  )

/** The newest committed fields of one state, or those of `state`, with first values where there are none yet. */
export function committedFields(core: LockedWorkCore, token: string, state: State | undefined, id: string): object {
  const definition = core.registry.get(id)
  const known = core.instance(token)
  const fields = ownValue(state ?? known.state, id) ?? known.unsaved(definition)
  return { ...fields, ...known.computed(definition).evaluate(fields) }
}
