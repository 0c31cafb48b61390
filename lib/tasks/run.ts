/**
 * One run of a background task, from its start until its function has settled. A run that was cancelled or has failed
 * writes nothing more, whatever its function still does.
 */
import { unreachable } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { concealed } from '../base/concealed.js'
import type { Json } from '../base/encode.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import { textLimits } from '../base/limits.js'
import { cut } from '../base/text.js'
import type { Watchdog } from '../base/watchdog.js'
import { type Answer, answerIn } from '../state/answer.js'
import type { TaskDeclaration } from '../state/definition.js'
import type { Self } from '../state/self.js'
import { isIterator, type Trigger, triggersIn } from '../state/trigger.js'
import type { State } from '../store/store.js'
import { within } from './attempt-timeout.js'
import type { LockGuard } from './lock-guard.js'
import { RunGuard } from './run-guard.js'
import type { Phase, RunSpec } from './run-spec.js'

/** Milliseconds before the attempt may begin, and for how long it may run. */
export interface RunTimes {
  readonly waitMs: number
  readonly timeoutMs: number | undefined
}

/** The pool that the run is in. */
export interface RunHost {
  readonly clock: Clock
  readonly watchdog: Watchdog
  /** Milliseconds that a function has to return once it may write nothing more. */
  readonly cancelGraceMs: number
  start(run: TaskRun, triggers: readonly Trigger[]): void
  /** Saves what the run has replied, with its end. */
  saveResult(run: TaskRun, result: Json): Eventually<void>
  onProgress(run: TaskRun): void
  onPhaseChanged(run: TaskRun): void
  /** Called once, when the function of the task has settled. */
  onSettled(run: TaskRun): void
}

export class TaskRun {
  readonly spec: RunSpec
  /** The number of times that the run has looked at the state, and the state that it saw or made last. */
  looks = 0
  seen: State | undefined
  /** Resolves, never rejects, when the function of the task has settled. */
  readonly settled: Promise<void>
  /** Blocks of `await using held = await self.lock()` whose lock is held. */
  readonly blocks = new Set<LockGuard>()
  /** Set by a cancel. Resolves when the run can write nothing more and has settled, or its grace is over. */
  stopping: Promise<void> | undefined
  phase: Phase = { name: 'running' }
  /** The function has returned, and what it replied is being saved. */
  isSavingResult = false
  /** Was to be cancelled in the meantime: it is not tried again. */
  private isCancelledLate = false
  progress: number | null = null
  note: string | null = null
  readonly guard = new RunGuard(this)
  private readonly saves = new Set<Promise<void>>()
  private readonly host: RunHost
  private settle: () => void = () => {}

  constructor(spec: RunSpec, host: RunHost) {
    this.spec = spec
    this.host = host
    this.settled = new Promise((resolve) => {
      this.settle = resolve
    })
  }

  get id(): string {
    return this.spec.id
  }

  get token(): string {
    return this.spec.token
  }

  get definition(): string {
    return this.spec.definition
  }

  get task(): string {
    return this.spec.task
  }

  get rawArgs(): readonly unknown[] {
    return this.spec.rawArgs
  }

  looked(state: State): void {
    this.looks += 1
    this.saw(state)
  }

  /** An old state takes memory, so it is kept only where a trigger may join the run. */
  saw(state: State): void {
    if (this.spec.isJoinable) this.seen = state
  }

  get isRunning(): boolean {
    return this.phase.name === 'running'
  }

  /** Whether the run is under way, or has failed and may be tried again. */
  get isOpen(): boolean {
    return this.phase.name === 'running' || this.phase.name === 'failed'
  }

  /** Whether the run has failed because of the store. A durable run then goes on as after a crash, and no retry is used up. */
  get isNoFault(): boolean {
    const { phase } = this
    return this.spec.durable !== undefined && phase.name === 'failed' && phase.reason.code === 'store-unreachable'
  }

  /** Whether a failure of this attempt is that of the run: there is no further attempt. */
  get isLast(): boolean {
    const { phase } = this
    const isStale = phase.name === 'failed' && phase.reason.code === 'stale-write'
    return isStale || this.isCancelledLate || (this.spec.failures >= this.spec.retries && !this.isNoFault)
  }

  /** Whether the run is over except for its function, which may not have settled. */
  get isFinishing(): boolean {
    return !this.isRunning && (this.phase.name !== 'failed' || this.isLast)
  }

  get isSaving(): boolean {
    return this.saves.size > 0
  }

  /** Resolves, never rejects, when no save of the run is under way. */
  async savesSettled(): Promise<void> {
    while (this.isSaving) await Promise.allSettled([...this.saves])
  }

  /** Names the run in messages. */
  get where(): string {
    return `Task "${this.task}" of state "${this.definition}"`
  }

  get failure(): Failure | null {
    return this.phase.name === 'failed' ? toFailure(this.phase.reason) : null
  }

  /** Runs the function. Resolves when it has settled; `phase` says how. */
  async run(
    { handler, line }: TaskDeclaration,
    self: Pick<Self<object>, 'sleep'>,
    args: readonly unknown[],
    { waitMs, timeoutMs }: RunTimes,
  ): Promise<void> {
    try {
      if (waitMs > 0) await self.sleep(waitMs)
      const work = this.drive(
        this.watched(() => handler(self, ...args)),
        line,
      )
      const reply = await (timeoutMs === undefined
        ? work
        : within(this.host, timeoutMs, work, () => this.fail(tookLonger(this.task, timeoutMs))))
      for (const block of [...this.blocks]) await block.confirm()
      if (reply !== undefined && this.isRunning) await this.host.saveResult(this, reply)
      if (this.phase.name === 'running') this.enter({ name: 'done' })
    } catch (error) {
      this.fail(error)
    } finally {
      this.isSavingResult = false
      for (const block of [...this.blocks]) await block.confirm()
      this.host.onSettled(this)
      this.settle()
    }
  }

  report(fraction: number, note?: string): void {
    this.check()
    if (typeof fraction !== 'number' || Number.isNaN(fraction))
      throw new HeldStateError('invalid-arguments', `progress(${fraction}): expected a number from 0 to 1.`)
    this.progress = Math.min(1, Math.max(0, fraction))
    this.note = note === undefined ? null : cut(String(note), textLimits.messageText)
    this.host.onProgress(this)
  }

  /** Takes away the right to write. Returns false if the run has lost it already. */
  cancel(reason: HeldStateError): boolean {
    if (!this.isOpen) return false // a failed run is open: it would be tried again
    this.isCancelledLate = this.isSavingResult
    if (this.isSavingResult) return false
    this.enter({ name: 'cancelled', reason })
    this.guard.abort(reason)
    return true
  }

  /** After a cancel: resolves when the run can write nothing more and its function has settled, or `timeUp` has. */
  async stopped(timeUp: Promise<void>): Promise<void> {
    await Promise.allSettled([...this.saves])
    for (const block of [...this.blocks]) void block.confirm() // saves nothing now, and releases the lock
    await Promise.race([this.settled, timeUp])
  }

  /** Fails the run: its function threw, or a block that it has left could not be saved. */
  fail(error: unknown): void {
    if (this.phase.name !== 'running') return
    const reason = concealed('task-failed', this.where, error)
    this.enter({ name: 'failed', reason, cause: error })
    this.guard.abort(reason)
  }

  /** Any further step of the task confirms a block that was left without a throw: see `LockGuard`. */
  confirmBlocks(): void {
    for (const block of this.blocks) if (block.left) void block.confirm()
  }

  private enter(phase: Phase): void {
    this.phase = phase
    this.host.onPhaseChanged(this)
  }

  /** Throws once the run may write nothing more. */
  check(): void {
    const { phase } = this
    switch (phase.name) {
      case 'running':
        return
      case 'cancelled':
      case 'failed':
        throw phase.reason
      case 'done':
        throw new HeldStateError('task-cancelled', 'This task has ended, so its remaining code can no longer write.')
      default:
        unreachable(phase)
    }
  }

  /** A task is an async function or an async generator. Each `yield` shows what an open block has changed so far. */
  private async drive(result: unknown, line: Error | undefined): Promise<Json | undefined> {
    const where = () => this.where
    if (!isIterator(result)) return this.startNext(answerIn(await result, where, line))
    try {
      for (;;) {
        const step = await this.watched(() => result.next())
        if (step.done) return this.startNext(answerIn(step.value, where, line))
        const triggers = triggersIn(step.value, where, line)
        for (const block of [...this.blocks]) await block.show()
        this.start(triggers)
      }
    } catch (error) {
      this.fail(error) // before the generator's own `finally` and `await using` run, so that they can save nothing
      await result.return?.(undefined)
      return undefined
    }
  }

  /** Starts what follows. Returns what the run replies. */
  private startNext({ triggers, reply }: Answer): Json | undefined {
    this.start(triggers)
    return reply
  }

  private watched<T>(call: () => T): T {
    const { watchdog } = this.host
    watchdog.enter('Task', this.definition, this.task)
    try {
      return call()
    } finally {
      watchdog.leave()
    }
  }

  /** Triggers that a cancelled run returns or yields start nothing. */
  private start(triggers: readonly Trigger[]): void {
    this.check()
    this.host.start(this, triggers)
  }

  track(save: Promise<void>): Promise<void> {
    this.saves.add(save)
    return save.finally(() => this.saves.delete(save))
  }
}

const tookLonger = (task: string, ms: number) =>
  new HeldStateError('task-timeout', `Task "${task}" took longer than its timeout of ${ms} ms.`)
