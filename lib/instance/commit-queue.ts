/**
 * The changes of an instance that are not saved yet. The lock is released as soon as a save starts, so that the next change
 * builds on the one being saved. Changes made meanwhile are saved together, in the next batch. A change is shown and
 * acknowledged only once it is saved. If a save fails, every change that was built on it fails too. A store that saves at once
 * (synchronously) needs no queue: the change is accepted while the lock is held, and the lock is released after that.
 */
import { isHeldStateError } from '../base/errors.js'
import { type Eventually, isPromise, promised } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { diff } from '../delta/diff.js'
import type { Shape } from '../state/shape.js'
import { isStale, ownershipLost } from '../store/errors.js'
import type { State, Stored } from '../store/store.js'
import { type CallName, outcomeOf, withSettled } from './call-log.js'
import type { Core } from './core.js'
import type { ChangedState, Instance, SettledCall, UnsavedChanges } from './instance.js'
import { claimAndLoad, loseOwnership } from './ownership.js'
import { dependentSaveFailed, saveFailed } from './save-error.js'
import { type RunChanges, unchangedRuns } from './staged-runs.js'

/** The result of one transaction: the changed state, and the changes to the list of runs. */
export interface Change extends ChangedState {
  readonly runs?: RunChanges | undefined
}

/**
 * Saves a change, now or with the next batch. Done when the change is saved; nothing of it was shown before. A change of tasks is saved alone: the
 * caller waits until nothing is pending.
 */
export function push(core: CommitCore, instance: Instance, change: Change): Eventually<void> {
  const { pending } = instance
  if (!pending) return save(core, instance, change)
  if (change.runs) throw new Error('a change of tasks is saved alone')
  return pending.push(change)
}

type CommitCore = Pick<Core, 'limits' | 'store' | 'onOwnershipLost' | 'onReloaded'>

/** Changes that wait for the save under way. */
interface Batch {
  size: number
  anonymous: boolean
  readonly settled: SettledCall[]
  readonly saved: Promise<void>
  resolve(saved: Promise<void>): void
}

const nothing = Promise.resolve()

export class CommitQueue implements UnsavedChanges {
  state: State
  shapes: Readonly<Record<string, Shape>>
  /** Why no change can build on these any more. */
  failure: unknown
  /** Resolves when every change so far is saved. */
  private allSaved = nothing
  private readonly core: CommitCore
  private readonly instance: Instance
  /** Of the save under way. */
  private settled: readonly SettledCall[]
  private batch: Batch | undefined

  constructor(core: CommitCore, instance: Instance, { state, shapes, settled }: Change) {
    this.core = core
    this.instance = instance
    this.state = state
    this.shapes = shapes
    this.settled = settled
  }

  /** The save that settles this call is under way. */
  includes(call: CallName): boolean {
    const isIt = ({ name }: SettledCall) => name.id === call.id && name.page === call.page
    return this.settled.some(isIt) || this.batch?.settled.some(isIt) === true
  }

  /** The next change keeps the lock until it is saved. */
  get isFull(): boolean {
    return (this.batch?.size ?? 0) >= processLimits.maxBatchedChanges
  }

  /** Resolves, never rejects, when nothing is pending any more, whether it was saved or not. */
  async drained(): Promise<void> {
    while (this.instance.pending === this) await this.allSaved.catch(() => {})
  }

  /** Resolves when every change so far is saved. For work that saw them and changed nothing itself. */
  durable(): Promise<void> {
    return this.allSaved.catch(() => this.check())
  }

  /** Throws if a change was to build on these changes although their save has failed. */
  check(): void {
    if (this.failure) throw this.failure
  }

  /** Adds a change to the next batch. */
  push({ state, shapes, settled, anonymous }: ChangedState): Promise<void> {
    this.batch ??= newBatch()
    this.state = state
    this.shapes = shapes
    this.batch.size += 1
    this.batch.anonymous ||= anonymous
    this.batch.settled.push(...settled)
    this.allSaved = this.batch.saved
    return this.allSaved
  }

  /** Follows the current save until it settles. */
  track(saving: Promise<void>, accept: () => void, refused: (error: unknown) => Promise<void>): Promise<void> {
    this.allSaved = saving.then(
      () => {
        accept()
        this.saveNext()
      },
      (error) => this.afterRefusal(refused(error)),
    )
    return this.allSaved
  }

  /** Waits for what follows a refused save, which may turn out to be saved all the same. */
  private async afterRefusal(saving: Promise<void>): Promise<void> {
    try {
      await saving
    } catch (error) {
      this.fail(error)
      throw error
    }
    this.saveNext()
  }

  /** Saves the next batch. */
  saveNext(): void {
    const { core, instance, batch, state, shapes } = this
    if (this.failure) return
    this.batch = undefined
    this.settled = batch?.settled ?? []
    if (batch) batch.resolve(promised(() => save(core, instance, { ...batch, state, shapes }, this)))
    else instance.pending = undefined
  }

  /** Another process has built on the last save, so the changes that this process has built on it can no longer be saved. */
  superseded(): void {
    this.fail(ownershipLost())
  }

  private fail(error: unknown): void {
    if (this.failure) return
    const { instance, batch } = this
    instance.pending = undefined
    this.failure = isHeldStateError(error) && error.code !== 'save-failed' ? error : dependentSaveFailed(error)
    batch?.resolve(Promise.reject(this.failure))
  }
}

function newBatch(): Batch {
  let resolve: Batch['resolve'] = () => {}
  const saved = new Promise<void>((done) => {
    resolve = done
  })
  return { size: 0, anonymous: false, settled: [], saved, resolve }
}

/** Snapshot → save → publish. `pending` is the queue of the change, if another save came before it. */
function save(core: CommitCore, instance: Instance, change: Change, pending?: CommitQueue): Eventually<void> {
  const before = instance.calls
  const next = storedWith(core, instance, change)
  const accept = () => instance.accept(next, before, change.runs)
  let saving: Eventually<void>
  try {
    saving = core.store.save(instance.token, next)
  } catch (error) {
    saving = Promise.reject(error)
  }
  if (!isPromise(saving)) {
    accept()
    return pending?.saveNext()
  }
  const under = pending ?? new CommitQueue(core, instance, change)
  instance.pending = under
  return under.track(saving, accept, (error) => afterFailedSave(core, instance, change, next, error))
}

/** The record of an instance for the store, with a change. */
function storedWith({ limits }: CommitCore, instance: Instance, { state, shapes, settled, runs }: Change): Stored {
  let { calls } = instance
  const revision = instance.revision + 1
  for (const { name, interrupted, reply } of settled)
    calls = withSettled(calls, name, interrupted, limits, revision, reply)
  const next: { -readonly [K in keyof Stored]: Stored[K] } = {
    revision,
    state,
    calls,
    running: instance.runs.running(runs),
    ended: instance.runs.endsToStore(runs),
    shapes,
    birth: instance.bornAs,
  }
  const runEnds = instance.runs.lastEnds.with(runs?.finished)
  if (runEnds.length > 0) next.runEnds = runEnds
  if (instance.browserHash !== undefined) next.browser = instance.browserHash
  if (instance.forgotten) next.forgotten = true
  return next
}

/** A save that failed may have reached the store all the same, so the store is asked. */
async function afterFailedSave(core: CommitCore, instance: Instance, change: Change, next: Stored, error: unknown) {
  instance.disown()
  if (isStale(error)) loseOwnership(core, instance, error)
  if (isHeldStateError(error)) throw error
  let stored: Stored | undefined
  try {
    stored = await claimAndLoad(core, instance)
  } catch {
    throw saveFailed('It may or may not be saved: the store did not answer.', error)
  }
  const fate = resolveUncertainSave(change, next, stored)
  if (fate === 'not kept') throw saveFailed('Nothing was changed.', error)
  if (fate === 'unknown')
    throw saveFailed('It may or may not be saved: another process changed the state since.', error)
  if (fate === 'kept') instance.accept(next, next.calls, change.runs)
  else instance.pending?.superseded()
}

/** Another process may have saved something else as the same revision, or gone on from it, or made the same calls itself. */
function resolveUncertainSave(
  { settled, anonymous, runs }: Change,
  next: Stored,
  stored: Stored | undefined,
): 'kept' | 'not kept' | 'overtaken' | 'unknown' {
  if (!stored || stored.revision < next.revision) return 'not kept'
  const isKnown = ({ name, interrupted }: SettledCall) => {
    const outcome = outcomeOf(stored.calls, name)
    return typeof outcome === 'object' && outcome.failure?.code === interrupted?.code
  }
  if (!settled.every(isKnown)) return 'not kept'
  const isSame = stored.revision === next.revision
  if (isSame && diff(stored.state, next.state).length === 0 && matchesRuns(stored, runs)) return 'kept'
  if (settled.length > 0 && !anonymous && !settled.some(({ interrupted }) => interrupted)) return 'overtaken'
  return isSame && settled.length === 0 ? 'not kept' : 'unknown'
}

const matchesRuns = (
  { running, runEnds = [] }: Stored,
  { added, removed, finished = [] }: RunChanges = unchangedRuns,
): boolean =>
  !running.some(({ run }) => removed.has(run)) &&
  finished.every(({ run }) => runEnds.some((kept) => kept.run === run)) &&
  added.every(({ run, node, attempt }) =>
    running.some((kept) => kept.run === run && kept.node === node && kept.attempt === attempt),
  )
