/**
 * The pipeline of a change, for all code of an author: lock → load → draft → work → save → unlock. If a step fails, nothing of the change is saved or
 * shown, and the error is thrown from here. Blocks that hold the lock begin here (`beginFromSaved`), and save elsewhere: in `lock-block.ts`, and in
 * `finish` of `tasks/lock-guard.ts`.
 *
 * Where the store saves at once (synchronously), the lock is released after the change was accepted, and no change is ever pending. Otherwise
 * the lock is free as soon as a save has started: the next change builds on it, and is saved with the next batch. These are saved under the lock:
 * a change of tasks, the change that fills a batch (`isFull`), that of each `yield` (`saveAndShow`), and that of a block. A token that is forgotten (`drop` and
 * `saveForgotten` in `hub/forgotten-tabs`) is written past the queue, straight to the store, still under the lock.
 */
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { type CallName, outcomeOf } from './call-log.js'
import { type CancelGuard, unguarded } from './cancel-guard.js'
import type { Core } from './core.js'
import { forgotten } from './forgotten-error.js'
import type { Instance, UnsavedChanges } from './instance.js'
import { LoadError } from './load-error.js'
import type { Author, HeldLock } from './lock-scope.js'
import type { Holder } from './lock-source.js'
import type { Release } from './locks.js'
import { claimAndLoad, owns } from './ownership.js'
import { isSaveFailed, moreSpecificError } from './save-error.js'
import { Transaction } from './transaction.js'

export interface Request<T> {
  readonly token: string
  /** Whether the work may still write: that of a task may until it is cancelled. */
  readonly guard: CancelGuard
  /** The author's function that `work` calls. */
  readonly author: Author
  readonly work: (transaction: Transaction) => Eventually<T>
  /** The page's call that runs this work. The call settles in the same save as its change. */
  readonly call?: CallTurn | undefined
  /** Named in the error of code that waits for the lock for too long. */
  readonly holder?: Holder
}

export interface CallTurn {
  /** None for a trigger. */
  readonly name?: CallName | undefined
  /** The unsaved changes of the page's earlier calls. */
  readonly before?: UnsavedChanges | undefined
}

/** The outcome of a request. `'answered'`: another process has run its call meanwhile, and the answer is in `instance.calls`. */
export type Outcome<T> = Done<T> | 'answered'

export interface Done<T> {
  readonly value: T
  /** Done when the change is saved. The value may be shown and acknowledged from then on. */
  readonly durable: Eventually<void>
  /** The save that the change is part of, where the lock was released before it was done. */
  readonly pipelined: UnsavedChanges | undefined
}

/** Runs `work` under the lock of a token. Its changes are saved if it returns, and forgotten if it throws. */
export function transactPipelined<T>(core: Core, request: Request<T>): Eventually<Outcome<T>> {
  const { token, guard, holder } = request
  return after(begin(core, token, guard, holder), (transaction) => run(core, transaction, request))
}

/** The same for work that is no call of a page. Resolves with its value once the change is saved. */
export function transact<T>(
  core: Core,
  token: string,
  guard: CancelGuard,
  author: Author,
  work: (transaction: Transaction) => Eventually<T>,
  holder?: Holder,
): Eventually<T> {
  return after(transactPipelined(core, { token, guard, author, work, holder }), (outcome) => {
    const { value, durable } = outcome as Done<T> // only a call can be answered
    return isPromise(durable) ? durable.then(() => value) : value
  })
}

/** Lock → load → draft. The caller must release. */
function begin(core: Core, token: string, guard: CancelGuard, holder: Holder): Eventually<Transaction> {
  const outer = core.lockScope.current()
  const unlock = core.locks.acquire(token, guard, holder)
  return isPromise(unlock)
    ? unlock.then((late) => open(core, core.instance(token), guard, outer, late, holder))
    : open(core, core.instance(token), guard, outer, unlock, holder)
}

/** Load → draft. A token that this process owns is loaded, so no function is made that could wait: this runs for each event. */
function open(
  core: Core,
  instance: Instance,
  guard: CancelGuard,
  outer: HeldLock | undefined,
  unlock: Release,
  holder: Holder,
): Eventually<Transaction> {
  try {
    guard.check()
    core.forgottenTabs.check(instance.token)
    if (owns(core, instance) && !instance.forgotten)
      return new Transaction(core, instance, guard, outer, unlock, holder)
  } catch (error) {
    return giveBack(core, instance, unlock, error)
  }
  return rescued(
    () =>
      after(owned(core, instance), () => {
        guard.check()
        if (instance.forgotten) throw forgotten()
        return new Transaction(core, instance, guard, outer, unlock, holder)
      }),
    (error) => giveBack(core, instance, unlock, error),
  )
}

function giveBack(core: Core, instance: Instance, unlock: Release, error: unknown): never {
  unlock()
  core.onLessUsed(instance)
  throw error
}

/** Claims the token once no save is pending, unless it is ours by then. */
function owned(core: Core, instance: Instance): Eventually<unknown> {
  const known = () => (owns(core, instance) ? undefined : claimAndLoad(core, instance))
  return instance.pending ? instance.pending.drained().then(known) : known()
}

/** Work → save → release. */
function run<T>(core: Core, transaction: Transaction, request: Request<T>): Eventually<Outcome<T>> {
  const { author, call, work } = request
  let value: Eventually<T>
  try {
    call?.before?.check()
    const { instance } = transaction
    const { pending } = instance
    if (call?.name && pending?.includes(call.name)) return runAgainLater(core, transaction, request, pending)
    if (call?.name && outcomeOf(instance.calls, call.name)) {
      transaction.release()
      return 'answered'
    }
    transaction.call = call?.name
    value = core.lockScope.run(transaction, author, work)
  } catch (error) {
    return abort(transaction, error)
  }
  return isPromise(value) ? commitLater(transaction, value) : commit(transaction, value)
}

function commitLater<T>(transaction: Transaction, value: Promise<T>): Promise<Outcome<T>> {
  return Promise.resolve(value).then(
    (late) => commit(transaction, late),
    (error) => abort(transaction, error),
  )
}

/** Another connection has made the same call, and its save is under way: what has come of it is known after that. */
function runAgainLater<T>(core: Core, transaction: Transaction, request: Request<T>, pending: UnsavedChanges) {
  transaction.release()
  const again = () => transactPipelined(core, request)
  return pending.durable().then(again, again)
}

/**
 * Starts the save. Work that has changed nothing waits for the pending save of what it saw. This decides when the lock is released:
 *
 * | the save | the lock is released | `pipelined` |
 * |---|---|---|
 * | is done already, or there is none to wait for | at once | none |
 * | changes tasks | when it is done | none |
 * | is pending, and the next batch is full | when it is done | none |
 * | is pending, and the next batch has room | at once: the next change builds on this one | the queue |
 */
function commit<T>(transaction: Transaction, value: T): Eventually<Outcome<T>> {
  transaction.active = false // the author's code is over: code that it left running waits for the lock like any other
  transaction.absorbTriggers()
  const isAlone = transaction.changesRuns
  let saved: Eventually<void>
  try {
    saved = transaction.commit()
  } catch (error) {
    return abort(transaction, error)
  }
  const { pending } = transaction.instance
  const isPipelined = isPromise(saved) && !isAlone && pending !== undefined && !pending.isFull
  if (isPromise(saved) && !isPipelined) saved = saved.finally(() => transaction.release())
  else transaction.release()
  return { value, durable: saved, pipelined: isPipelined ? pending : undefined }
}

/** If the changes that the work saw fail to save, that failure says more than its own. */
function abort(transaction: Transaction, error: unknown): Eventually<never> {
  transaction.release()
  if (!transaction.base) throw error
  return transaction.base.durable().then(
    () => {
      throw error
    },
    (failure) => {
      throw moreSpecificError(error, failure)
    },
  )
}

/** Takes the lock and waits for pending saves, so the caller sees only saved state. */
export function beginFromSaved(
  core: Core,
  token: string,
  guard: CancelGuard,
  holder?: Holder,
): Eventually<Transaction> {
  const fromSaved = (transaction: Transaction) =>
    core.instance(token).pending ? transaction.waitForPending() : transaction
  return after(begin(core, token, guard, holder), fromSaved)
}

/** Takes the ownership of an instance, and changes nothing. */
export function takeOwnership(core: Core, instance: Instance): Eventually<void> {
  const { token } = instance
  const request = { token, guard: unguarded, author: noAuthor, work: noAuthor }
  return rescued(
    () =>
      after(beginFromSaved(core, token, unguarded), (transaction) =>
        after(run(core, transaction, request), (outcome) => (outcome as Done<void>).durable),
      ),
    (error) => {
      if (!isSaveFailed(error)) throw error // changes of tasks that failed with it were not asked for
      if (instance.role !== 'owner') throw new LoadError(token, error)
    },
  )
}

/** Stands in for the author's function where none runs. */
export const noAuthor = (): void => {}
