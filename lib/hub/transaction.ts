/**
 * The one place where server state changes: lock → load → draft → work → save → publish → release. Events, a task's
 * `update` and `lock`, and `modifyState` all come through here. Where a step fails, nothing of the change is kept and
 * nothing of it was shown; the failure leaves here, named.
 */

import type { Clock } from '../base/clock.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, always, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { type Draft, openDraft } from '../delta/draft.js'
import { readonlyView } from '../delta/view.js'
import type { Registry } from '../state/registry.js'
import type { State, StateStore } from '../store/store.js'
import type { Permit } from '../tasks/permit.js'
import { materialize, refuseUndeclared } from './fields.js'
import type { Instance } from './instance.js'
import type { Locks, Release } from './locks.js'

/** What a transaction needs of the hub. */
export interface Ground {
  readonly clock: Clock
  readonly locks: Locks
  readonly registry: Registry
  readonly store: StateStore
  instance(token: string): Instance
}

/** Runs `work` under the lock of `token`. What it changed is kept if it returns, and forgotten if it throws. */
export function transact<T>(
  ground: Ground,
  token: string,
  permit: Permit,
  work: (transaction: Transaction) => Eventually<T>,
): Eventually<T> {
  return after(begin(ground, token, permit), (transaction) =>
    always(
      () => after(work(transaction), (result) => after(transaction.commit(), () => result)),
      () => transaction.release(),
    ),
  )
}

/** Lock → load → draft. The caller must release. */
export function begin(ground: Ground, token: string, permit: Permit): Eventually<Transaction> {
  return after(ground.locks.acquire(token, permit.signal), (release) =>
    rescued(
      () => {
        permit.check()
        const instance = ground.instance(token)
        return after(load(ground.store, instance), () => new Transaction(ground, instance, permit, release))
      },
      (error) => {
        release()
        throw error
      },
    ),
  )
}

export class Transaction {
  readonly token: string
  private readonly ground: Ground
  private readonly instance: Instance
  private readonly permit: Permit
  private readonly unlock: Release
  private draft: Draft<Record<string, object>>
  private released = false
  private staged: State

  constructor(ground: Ground, instance: Instance, permit: Permit, unlock: Release) {
    this.token = instance.token
    this.ground = ground
    this.instance = instance
    this.permit = permit
    this.unlock = unlock
    this.staged = instance.state
    this.draft = openDraft(instance.state as Record<string, object>)
  }

  /** The draft of one state while the lock is held; the newest snapshot, read-only, once it is released. */
  get(id: string): object {
    const definition = this.ground.registry.get(id)
    if (this.released) return readonlyView(this.instance.state[id] ?? {})
    return materialize(this.draft, definition)
  }

  /** What the next save will make the state; the newest state once it is saved. */
  get next(): State {
    return this.staged
  }

  /** Draft → snapshot, checked. The draft goes on from there. */
  stage(): void {
    this.staged = this.draft.commit() as State
    refuseUndeclared(this.ground.registry, this.instance.state, this.staged)
  }

  /** Snapshot → save → publish. */
  save(): Eventually<void> {
    this.permit.check()
    if (this.staged === this.instance.state) return
    const next = { revision: this.instance.revision + 1, state: this.staged }
    const saved = after(
      rescued(
        () => this.ground.store.save(this.token, next),
        (error) => this.unsaved(error),
      ),
      () => this.instance.accept(next),
    )
    return isPromise(saved) ? this.permit.saving(saved) : saved
  }

  commit(): Eventually<void> {
    this.stage()
    return this.save()
  }

  /** Forgets what was changed since the last commit; handed-out drafts become read-only. */
  rollback(): void {
    this.draft.close()
    this.staged = this.instance.state
    this.draft = openDraft(this.instance.state as Record<string, object>)
  }

  /** Makes what was handed out read-only; the lock is still held. */
  close(): void {
    this.draft.close()
  }

  release(): void {
    if (this.released) return
    this.released = true
    this.draft.close()
    this.unlock()
  }

  /** After a save whose end is unknown, the store is asked again what it holds. */
  private unsaved(error: unknown): never {
    this.instance.loaded = false
    if (isHeldStateError(error)) throw error
    throw new HeldStateError('save-failed', 'The change could not be saved; nothing of it was shown.', { cause: error })
  }
}

/** Asks the store what it holds, unless the instance knows. */
function load(store: StateStore, instance: Instance): Eventually<void> {
  if (instance.loaded) return
  return after(
    rescued(
      () => store.load(instance.token),
      (error) => {
        throw new HeldStateError('load-failed', 'The saved state of this tab could not be loaded.', { cause: error })
      },
    ),
    (stored) => instance.restore(stored),
  )
}
