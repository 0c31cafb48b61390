/** One change under the lock of a token: drafts of its states, staged and then saved. `transact` calls its steps in order. */
import type { Json } from '../base/encode.js'
import type { Failure } from '../base/errors.js'
import { after, type Eventually, isPromise } from '../base/eventually.js'
import { ownValue } from '../base/value.js'
import { readonlyView } from '../delta/view.js'
import type { ServerDefinition } from '../state/define.js'
import type { Shape } from '../state/shape.js'
import type { Fields, RunningTask, State, TaskEnd } from '../store/store.js'
import { type CallName, settleCall } from './call-log.js'
import type { CancelGuard } from './cancel-guard.js'
import { warnOfChangedKinds } from './changed-kinds.js'
import { type Change, push } from './commit-queue.js'
import type { Core } from './core.js'
import { completed, isCurrent, refuseUndeclared, shapesToSave, withBorrowed } from './fields.js'
import type { Instance, UnsavedChanges } from './instance.js'
import { current, type HeldLock } from './lock-scope.js'
import { development, type Holder } from './lock-source.js'
import type { Release } from './locks.js'
import { claimAndLoad, loseOwnership, owns } from './ownership.js'
import type { NewEnd } from './run-ends.js'
import { areKept, StagedRuns } from './staged-runs.js'
import { StateDraft } from './state-draft.js'

export class Transaction implements HeldLock {
  readonly token: string
  readonly outer: HeldLock | undefined
  readonly holder: Holder
  made: HeldLock['made']
  /** The author's code is running. */
  active = true
  /** The page's call, which settles in the same save as its change. */
  call: CallName | undefined
  /** What the call replies, which is saved with its outcome. */
  private reply: Json | undefined
  private onReleased: (() => void) | undefined
  /** The last save says that the call was interrupted. */
  private savedAsInterrupted = false
  private readonly core: Core
  readonly instance: Instance
  private readonly guard: CancelGuard
  private readonly unlock: Release
  /** The changes that this one builds on, if they are not saved yet. */
  base: UnsavedChanges | undefined
  private drafts: readonly StateDraft[] = []
  private isSaveDue = false // even if nothing has changed
  /** The changes to the list of runs for the next save, if there are any. */
  private runs: StagedRuns | undefined
  private released = false
  private staged: State

  constructor(
    core: Core,
    instance: Instance,
    guard: CancelGuard,
    outer: HeldLock | undefined,
    unlock: Release,
    holder: Holder,
  ) {
    this.token = instance.token
    this.outer = outer
    this.holder = holder
    this.made = development ? current()?.made : undefined
    this.core = core
    this.instance = instance
    this.guard = guard
    this.unlock = unlock
    this.base = instance.pending
    this.staged = instance.newest.state
  }

  /** Waits until no save is pending, and begins from the saved state. */
  async waitForPending(): Promise<this> {
    const { instance, core } = this
    try {
      await instance.pending?.drained()
      if (!owns(core, instance)) await claimAndLoad(core, instance)
      this.guard.check()
    } catch (error) {
      this.release()
      throw error
    }
    this.base = undefined
    this.staged = instance.state
    return this
  }

  /** The draft of one state while the lock is held; the newest snapshot, read-only, once it is released. */
  get(id: string): object {
    if (this.released) return readonlyView(ownValue(this.instance.state, id) ?? this.unsaved(id))
    for (const draft of this.drafts) if (draft.definition.id === id) return draft.state
    const definition = this.core.registry.get(id)
    const { state, shapes } = this.instance.newest
    const fields = this.fieldsOf(definition, ownValue(state, id), ownValue(shapes, id))
    const draft = new StateDraft(definition, fields)
    this.drafts = this.drafts.length === 0 ? [draft] : [...this.drafts, draft] // most transactions have one; `push` makes room for 17
    return draft.state
  }

  private fieldsOf(definition: ServerDefinition, fields: Fields | undefined, shape: Shape | undefined): Fields {
    if (fields && isCurrent(fields, shape, definition)) return fields
    return completed(fields, shape, definition, this.core.log, this.instance.unsaved(definition))
  }

  private unsaved(id: string): Fields {
    const { registry } = this.core
    return registry.has(id) ? this.instance.unsaved(registry.get(id)) : {}
  }

  /** A handler or a task begins, so the tab exists from now on. */
  markExisting(): void {
    this.instance.exists = true
  }

  /** The next save says that a task runs. */
  addRun(run: RunningTask): void {
    this.changedRuns.added.push(run)
  }

  /** The next save says that a run has finished, whichever process it was in. */
  removeRun(run: string): void {
    this.changedRuns.removed.add(run)
  }

  /** The same, with the end of the run, and its task with it. Not where that is known already. */
  finishRun(end: NewEnd, task?: TaskEnd): void {
    this.removeRun(end.run)
    if (!this.instance.runs.lastEnds.of(end.run)) this.changedRuns.finish(end, task)
  }

  /** The runs of all processes, as the next save lists them. */
  get running(): readonly RunningTask[] {
    return this.instance.runs.running(this.runs)
  }

  /** The token, for the author's code. That code may pass it on, so the tab is saved even if nothing else has changed. */
  tokenForAuthor(): string {
    this.reserveFirstSave()
    return this.token
  }

  /** Saves a tab that was never saved, even if nothing else has changed. Throws where the store takes no new tabs. */
  reserveFirstSave(): void {
    if (this.instance.revision > 0 || this.isSaveDue || !this.active) return
    this.core.grow(this.instance, 0, withBorrowed(this.instance, this.staged))
    this.isSaveDue = true
  }

  /** Saves what the call replies, even if nothing else has changed: its page gets the same answer until it has heard it. */
  answer(reply: Json): void {
    this.reserveFirstSave()
    this.isSaveDue = true
    this.reply = reply
  }

  /** The next save happens even if nothing else has changed: it has the ends of calls and tasks. */
  mustSaveNext(): void {
    this.isSaveDue = true
  }

  /** Paths of values that were put in and that the author has changed since, through the original object. In development. */
  lost(): string[] {
    return this.drafts.flatMap((draft) => draft.lost())
  }

  /** The staged state, which the next save writes. Afterwards, the newest state. */
  get next(): State {
    return this.staged
  }

  /** Makes the next snapshot of the drafts, and checks it. The drafts go on from it. */
  stage(goesOn = false): void {
    const before = this.instance.newest.state
    const { borrowed } = this.instance
    let staged: Record<string, Fields> | undefined
    let grown = 0
    for (const draft of this.drafts) {
      const { definition, lines } = draft
      const fields = draft.commit(goesOn)
      grown += draft.grown
      const known = ownValue(before, definition.id)
      if (fields === (known ?? this.instance.unsaved(definition))) continue
      refuseUndeclared(definition, known, fields, lines)
      if (lines) warnOfChangedKinds(this.core, definition, fields, lines, this.holder)
      staged ??= borrowed ? { ...borrowed.state, ...before } : { ...before } // a second spread copies key by key
      staged[definition.id] = fields
    }
    if (staged) this.core.grow(this.instance, grown, staged)
    this.staged = staged ?? before
  }

  /** Check → save → publish. `interrupted` is what the call has come to if the process dies after this save. */
  save(interrupted?: Failure): Eventually<void> {
    this.guard.check() // throws if the run was cancelled
    this.base?.check() // throws if the save failed that this change builds on
    this.guard.run?.saw(this.staged)
    return this.isSaved(interrupted) ? this.settleUnchanged(interrupted) : this.saveChange(interrupted)
  }

  /** Nothing is left to save: the state, the tasks, and what the last save said of the call are as they were. */
  private isSaved(interrupted: Failure | undefined): boolean {
    const { instance } = this
    const isSame = this.staged === instance.newest.state && (interrupted !== undefined || !this.savedAsInterrupted)
    return isSame && !this.runs && !this.isSaveDue && !instance.runs.outdated
  }

  /** Settles the call once the changes that its work has seen are saved. */
  private settleUnchanged(interrupted: Failure | undefined): Eventually<void> {
    const { instance, guard, core } = this
    if (!owns(core, instance)) loseOwnership(core, instance) // what the work has seen may be old
    if (!instance.pending) return this.noteSettled(interrupted)
    return guard.trackSave(instance.pending.durable().then(() => this.noteSettled(interrupted)))
  }

  /** Saves the change, now or with the next batch. One of tasks waits until nothing is pending, and begins again. */
  private saveChange(interrupted: Failure | undefined): Eventually<void> {
    const { instance, guard, core } = this
    if (instance.pending && this.runs)
      return guard.trackSave(instance.pending.drained().then(() => this.save(interrupted)))
    this.isSaveDue = false
    this.savedAsInterrupted = interrupted !== undefined
    if (guard.run) instance.runs.resetLost(guard.run.id)
    const settled = this.call ? [{ name: this.call, interrupted, reply: interrupted ? undefined : this.reply }] : []
    this.staged = withBorrowed(instance, this.staged)
    const change = { state: this.staged, shapes: shapesToSave(instance, this.drafts), settled, anonymous: !this.call }
    const saving = this.runs ? this.keepRuns(change) : push(core, instance, change)
    return isPromise(saving) ? guard.trackSave(saving) : saving
  }

  /** A task has looked at the state: triggers that were noted before are part of its run. */
  absorbTriggers(): void {
    const { run } = this.guard
    if (run) for (const joined of this.instance.runs.joining(run)) this.removeRun(joined)
  }

  private keepRuns(change: Change): Eventually<void> {
    const runs = this.changedRuns.copy
    if (areKept(runs) && this.instance.revision === 0) this.core.grow(this.instance, 0, this.staged) // a tab with a task alone is kept too
    return after(push(this.core, this.instance, { ...change, runs }), () => {
      this.runs = undefined
    })
  }

  private noteSettled(interrupted: Failure | undefined): void {
    if (this.call && !interrupted) settleCall(this.instance, this.call, undefined, this.core.limits)
  }

  /** The next save changes the list of runs. */
  get changesRuns(): boolean {
    return this.runs !== undefined
  }

  private get changedRuns(): StagedRuns {
    this.runs ??= new StagedRuns()
    return this.runs
  }

  commit(interrupted?: Failure): Eventually<void> {
    this.stage()
    return this.save(interrupted)
  }

  /** The commit of a `yield`: saves the change, and sends it to the pages before the handler goes on. */
  async saveAndShow(interrupted?: Failure): Promise<void> {
    this.stage(true)
    await this.save(interrupted)
    await this.instance.watchers.hurry()
  }

  /** Forgets all changes since the last commit. Drafts that the author has become read-only. */
  rollback(): void {
    for (const draft of this.drafts) draft.close()
    this.drafts = []
    this.staged = this.instance.newest.state
    this.runs = undefined
  }

  /** The author's code is over: its drafts become read-only. The lock is still held. */
  close(): void {
    this.active = false
    for (const draft of this.drafts) draft.close()
  }

  release(): void {
    if (this.released) return
    this.released = true
    this.close()
    this.unlock()
    this.core.onLessUsed(this.instance)
    this.onReleased?.()
  }

  /** Resolves when the lock is released. */
  untilReleased(): Promise<void> {
    return new Promise((resolve) => {
      this.onReleased = resolve
    })
  }
}
