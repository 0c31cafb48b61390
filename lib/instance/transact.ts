/** How a transaction comes to be: lock → load → draft. What fails on the way gives the lock back. */
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { isSaveFailed, load } from './commit-queue.js'
import { forgotten } from './forgotten.js'
import type { Ground } from './ground.js'
import type { Instance } from './instance.js'
import { StateUnknown } from './load-error.js'
import type { Author, Hold } from './lock-scope.js'
import type { Holder } from './lock-source.js'
import type { Release } from './locks.js'
import { Transaction } from './transaction.js'
import { granted, type Permit } from './write-guard.js'

/**
 * Runs `work` under the lock of `token`. What it changed is kept if it returns, and forgotten if it throws. `author` is
 * the function of the user's that `work` will call.
 */
export function transact<T>(
  ground: Ground,
  token: string,
  permit: Permit,
  author: Author,
  work: (transaction: Transaction) => Eventually<T>,
  holder?: Holder,
): Eventually<T> {
  const transaction = begin(ground, token, permit, holder)
  if (!isPromise(transaction)) return transaction.carry(author, work)
  return transaction.then((begun) => begun.carry(author, work))
}

/** Lock → load → draft. The caller must release. */
function begin(ground: Ground, token: string, permit: Permit, holder?: Holder): Eventually<Transaction> {
  const outer = ground.flow.current()
  const lock = ground.locks.acquire(token, permit.signal, holder)
  if (!isPromise(lock)) return open(ground, token, permit, outer, lock, holder)
  return lock.then((release) => open(ground, token, permit, outer, release, holder))
}

/** The same, on top of nothing that may not be kept: what is looked at under the lock may be shown. */
export function beginSettled(ground: Ground, token: string, permit: Permit, holder?: Holder): Eventually<Transaction> {
  const settled = (transaction: Transaction) => (ground.instance(token).pending ? transaction.settle() : transaction)
  return after(begin(ground, token, permit, holder), settled)
}

function open(
  ground: Ground,
  token: string,
  permit: Permit,
  outer: Hold | undefined,
  release: Release,
  holder: Holder,
): Eventually<Transaction> {
  const instance = ground.instance(token)
  const refuse = (error: unknown): never => {
    release()
    ground.released(instance)
    throw error
  }
  try {
    permit.check()
    ground.endings.check(token)
    if (instance.loaded && ground.nodes.holds(token) && !instance.forgotten)
      return new Transaction(ground, instance, permit, outer, release, holder)
    const start = () => {
      permit.check() // what was loaded may have ended the task
      if (instance.forgotten) throw forgotten()
      return new Transaction(ground, instance, permit, outer, release, holder)
    }
    // what is on its way says itself, when it fails, what is kept
    const known = () => (instance.loaded && ground.nodes.holds(token) ? undefined : load(ground, instance))
    const loading = instance.pending ? instance.pending.settled().then(known) : known()
    return isPromise(loading) ? loading.then(start).catch(refuse) : start()
  } catch (error) {
    return refuse(error)
  }
}

/** Holds an instance, and changes nothing. */
export function own(ground: Ground, instance: Instance): Eventually<void> {
  const { token } = instance
  return rescued(
    () => after(beginSettled(ground, token, granted), (transaction) => transaction.carry(nobody, () => {})),
    (error) => {
      if (!isSaveFailed(error)) throw error // what tasks had to say went with it, and was not asked for
      if (!instance.loaded) throw new StateUnknown(token, error)
    },
  )
}

/** Stands where no function of the author's runs. */
export const nobody = (): void => {}
