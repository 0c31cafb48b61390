/**
 * The one place where server state changes: lock → load → draft → work → save → publish → release. Events, a task's
 * `update` and `lock`, and `modifyState` all come through here. Where a step fails, nothing of the change is kept and
 * nothing of it was shown; the failure leaves here, named.
 */

import { type Failure, HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { type Draft, openDraft } from '../delta/draft.js'
import { readonlyView } from '../delta/view.js'
import type { ServerDefinition } from '../state/define.js'
import type { Registry } from '../state/registry.js'
import type { Shape } from '../state/shape.js'
import { taken } from '../store/memory.js'
import type { Fields, RunningTask, State, StateStore, Stored } from '../store/store.js'
import type { Permit } from '../tasks/permit.js'
import { completed, refuseUndeclared } from './fields.js'
import type { Author, Flow, Hold } from './flow.js'
import type { Holder } from './holder.js'
import type { Instance } from './instance.js'
import type { Locks, Release } from './locks.js'
import type { Nodes } from './nodes.js'
import { isStale } from './once.js'
import { type CallName, EndedMeanwhile, endOf, type PastCalls, withEnd } from './past-calls.js'
import { StateUnknown } from './state-unknown.js'

/** What a transaction needs of the hub. */
export interface Ground {
  readonly flow: Flow
  readonly limits: Limits
  readonly log: Log
  readonly locks: Locks
  readonly registry: Registry
  readonly store: StateStore
  readonly nodes: Nodes
  instance(token: string): Instance
  /** A save was refused since another process has taken over. */
  lost(instance: Instance, reason: HeldStateError): void
  /** What is kept of an instance is known anew. Others have ended or taken over these runs of this process. */
  told(instance: Instance, lost: readonly RunningTask[]): void
  /** The lock of an instance is free again. */
  released(instance: Instance): void
}

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
export function begin(ground: Ground, token: string, permit: Permit, holder?: Holder): Eventually<Transaction> {
  const outer = ground.flow.current()
  const lock = ground.locks.acquire(token, permit.signal, holder)
  if (!isPromise(lock)) return open(ground, token, permit, outer, lock)
  return lock.then((release) => open(ground, token, permit, outer, release))
}

function open(
  ground: Ground,
  token: string,
  permit: Permit,
  outer: Hold | undefined,
  release: Release,
): Eventually<Transaction> {
  const instance = ground.instance(token)
  const refuse = (error: unknown): never => {
    release()
    ground.released(instance)
    throw error
  }
  try {
    permit.check()
    if (instance.loaded && ground.nodes.holds(token)) return new Transaction(ground, instance, permit, outer, release)
    const start = () => {
      permit.check() // what was loaded may have ended the task
      return new Transaction(ground, instance, permit, outer, release)
    }
    const loading = load(ground, instance)
    return isPromise(loading) ? loading.then(start).catch(refuse) : start()
  } catch (error) {
    return refuse(error)
  }
}

/** A state that was asked for, and its draft. */
interface Opened {
  readonly definition: ServerDefinition
  readonly draft: Draft<Fields>
}

export class Transaction implements Hold {
  readonly token: string
  readonly outer: Hold | undefined
  /** The author's code is inside. */
  active = true
  /** It ends in the same save as its change. */
  private call: CallName | undefined
  private end: (() => void) | undefined
  /** The last save says that the call was interrupted. */
  private interrupted = false
  private readonly ground: Ground
  private readonly instance: Instance
  private readonly permit: Permit
  private readonly unlock: Release
  private drafts: Opened[] = []
  private copied: State | undefined
  private copiedShapes: Readonly<Record<string, Shape>> = {}
  private readonly begun: RunningTask[] = []
  private readonly over = new Set<string>()
  private released = false
  private staged: State

  constructor(ground: Ground, instance: Instance, permit: Permit, outer: Hold | undefined, unlock: Release) {
    this.token = instance.token
    this.outer = outer
    this.ground = ground
    this.instance = instance
    this.permit = permit
    this.unlock = unlock
    this.staged = instance.state
  }

  /** Work → save → publish → release. Most of it waits for nothing, and then no promise is made. */
  carry<T>(author: Author, work: (transaction: Transaction) => Eventually<T>): Eventually<T> {
    let waits: Promise<T> | undefined
    try {
      const result = this.ground.flow.run(this, author, work)
      const saved = isPromise(result) ? Promise.resolve(result).then(() => this.commit()) : this.commit()
      if (!isPromise(saved)) return result
      waits = saved.then(() => result).finally(() => this.release())
      return waits
    } finally {
      if (!waits) this.release()
    }
  }

  /** The draft of one state while the lock is held; the newest snapshot, read-only, once it is released. */
  get(id: string): object {
    if (this.released) return readonlyView(this.instance.state[id] ?? {})
    for (const { definition, draft } of this.drafts) if (definition.id === id) return draft.state
    const definition = this.ground.registry.get(id)
    const fields = completed(this.instance.state[id], this.instance.shapes[id], definition, this.ground.log)
    const draft = openDraft(fields, [id], definition.members.computed)
    this.drafts.push({ definition, draft })
    return draft.state
  }

  /** Says which call this is the work of. While it waited for the lock, another process may have done it. */
  begins(name: CallName | undefined): void {
    if (name && endOf(this.instance.calls, name)) throw new EndedMeanwhile()
    this.call = name
  }

  /** The next save says that a task runs. */
  began(run: RunningTask): void {
    this.begun.push(run)
  }

  /** The next save says that a run has ended, in whatever process it was. */
  ended(run: string): void {
    this.over.add(run)
  }

  /** Runs of a task in any process. */
  runsOf(definition: string, task: string): readonly RunningTask[] {
    return this.instance.runs
      .running({ begun: this.begun, over: this.over })
      .filter((run) => run.definition === definition && run.task === task)
  }

  /** Begins a new instance with the state of another. */
  copyFrom({ state, shapes }: Instance): void {
    this.copied = state
    this.copiedShapes = shapes
  }

  /** What the next save will make the state; the newest state once it is saved. */
  get next(): State {
    return this.staged
  }

  /** Drafts → snapshot, checked. The drafts go on from there. */
  stage(): void {
    const before = this.instance.state
    let staged: Record<string, Fields> | undefined = this.copied && { ...before, ...this.copied }
    for (const { definition, draft } of this.drafts) {
      const fields = draft.commit()
      if (fields === before[definition.id]) continue
      refuseUndeclared(definition, before[definition.id], fields)
      staged ??= { ...before }
      staged[definition.id] = fields
    }
    this.staged = staged ?? before
  }

  /** Snapshot → save → publish. `interrupted` is what the call has come to if the process ends after this save. */
  save(interrupted?: Failure): Eventually<void> {
    this.permit.check()
    const { instance, permit, ground, begun, over } = this
    const before = instance.calls
    const calls = this.call ? withEnd(before, this.call, interrupted, ground.limits) : before
    const isIdle = begun.length === 0 && over.size === 0 && !instance.runs.outdated
    if (this.staged === instance.state && (interrupted || !this.interrupted) && isIdle) {
      if (!ground.nodes.holds(this.token)) this.lose(taken()) // what the work has seen may be old
      if (!interrupted) instance.calls = calls
      return
    }
    this.interrupted = interrupted !== undefined
    if (permit.run) instance.runs.proved(permit.run.id)
    const next: Stored = {
      revision: instance.revision + 1,
      state: this.staged,
      calls,
      running: instance.runs.running({ begun, over }),
      ended: instance.runs.ends(),
      shapes: this.shapes(),
    }
    let saving: Eventually<void>
    try {
      saving = ground.store.save(this.token, next)
    } catch (error) {
      return permit.saving(this.unsaved(next, before, error))
    }
    if (!isPromise(saving)) return this.accept(next, before)
    const saved = saving.then(
      () => this.accept(next, before),
      (error) => this.unsaved(next, before, error),
    )
    return permit.saving(saved)
  }

  private accept(next: Stored, before: PastCalls): void {
    const { begun, over } = this
    this.instance.accept(next, before, { begun: [...begun], over: new Set(over) })
    begun.length = 0
    over.clear()
  }

  /** The shapes of what is saved: anew for the states that were opened. */
  private shapes(): Readonly<Record<string, Shape>> {
    let shapes = this.instance.shapes
    for (const { definition } of this.drafts)
      if (shapes[definition.id] !== definition.members.shape)
        shapes = { ...shapes, [definition.id]: definition.members.shape }
    return this.copied ? { ...this.copiedShapes, ...shapes } : shapes
  }

  commit(interrupted?: Failure): Eventually<void> {
    this.stage()
    return this.save(interrupted)
  }

  /** Forgets what was changed since the last commit; handed-out drafts become read-only. */
  rollback(): void {
    for (const { draft } of this.drafts) draft.close()
    this.drafts = []
    this.staged = this.instance.state
    this.begun.length = 0
    this.over.clear()
  }

  /** The author's code is past it: what was handed out becomes read-only. The lock is still held. */
  close(): void {
    this.active = false
    for (const { draft } of this.drafts) draft.close()
  }

  release(): void {
    if (this.released) return
    this.released = true
    this.close()
    this.unlock()
    this.ground.released(this.instance)
    this.end?.()
  }

  /** Resolves when the lock is given back. */
  untilReleased(): Promise<void> {
    return new Promise((resolve) => {
      this.end = resolve
    })
  }

  private lose(error: HeldStateError): never {
    this.instance.loaded = false
    this.ground.lost(this.instance, error)
    throw error
  }

  /** A save that failed may have been kept all the same: the store is asked. */
  private async unsaved(next: Stored, before: PastCalls, error: unknown): Promise<void> {
    const { instance, ground } = this
    instance.loaded = false
    if (isStale(error)) this.lose(error)
    if (isHeldStateError(error)) throw error
    try {
      await load(ground, instance)
    } catch {
      throw saveFailed('Whether it is kept is unknown; the store could not be asked.', error)
    }
    if (instance.revision !== next.revision) throw saveFailed('Nothing of it was kept or shown.', error)
    this.accept(next, before)
  }
}

const saveFailed = (end: string, cause: unknown) =>
  new HeldStateError('save-failed', `The change could not be saved. ${end}`, { cause })

/** Asks the store what it holds. */
function load(ground: Ground, instance: Instance): Eventually<void> {
  return after(
    rescued(
      () => ground.store.load(instance.token),
      (error) => {
        throw new StateUnknown(instance.token, error)
      },
    ),
    (stored) => ground.told(instance, instance.restore(stored)),
  )
}
