/**
 * One run of a background task, from its start until its function has settled. A run that was cancelled or has failed
 * writes nothing more, whatever its function still does.
 */
import { setMaxListeners } from 'node:events'
import { unreachable } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { concealed } from '../base/concealed.js'
import { type Failure, HeldStateError } from '../base/errors.js'
import { toFailure } from '../base/failure.js'
import { textLimits } from '../base/limits.js'
import { cut } from '../base/text.js'
import type { Watchdog } from '../base/watchdog.js'
import type { Permit } from '../instance/write-guard.js'
import type { TaskDeclaration } from '../state/definition.js'
import type { Self } from '../state/self.js'
import { isIterator, type Trigger, triggersIn } from '../state/trigger.js'
import type { DurableRun, State } from '../store/store.js'
import type { HeldBlock } from './block.js'

export type Phase =
  | { readonly name: 'running' }
  | { readonly name: 'cancelled'; readonly reason: HeldStateError }
  | { readonly name: 'failed'; readonly reason: HeldStateError; readonly cause: unknown }
  | { readonly name: 'done' }

/** Whose page started a run, where one did and it is known. */
export interface RunOwner {
  readonly browser?: string | undefined
  readonly address?: string | undefined
}

/** Names one run: for logs, and for `hub.backgroundTasks`. */
export interface RunName {
  readonly id: string
  readonly token: string
  readonly owner: RunOwner
  readonly definition: string
  readonly task: string
  /** Milliseconds after which it is cancelled once its tab has gone; `undefined` if it goes on. */
  readonly alone: number | undefined
  /** Counts from 1. */
  readonly attempt: number
  /** What is saved of a durable one. */
  readonly durable: DurableRun | undefined
  /** Attempts that failed before this one. */
  readonly failures: number
  /** How many may. */
  readonly retries: number
  /** Stands for its arguments, where an equal start joins it. */
  readonly same: string | undefined
  /** Triggers that come while it runs are part of it. */
  readonly isJoinable: boolean
  /** The arguments of its start, before its schema has seen them. */
  readonly given: readonly unknown[]
}

/** When it may begin, and for how long it may run, both in milliseconds. */
export interface RunTimes {
  readonly waitMs: number
  readonly timeoutMs: number | undefined
}

/** What a run asks of its surroundings. */
export interface RunPorts {
  readonly clock: Clock
  readonly watchdog: Watchdog
  /** Milliseconds that a function is given to end once it may write nothing more. */
  readonly cancelGraceMs: number
  start(triggers: readonly Trigger[]): void
  /** The run reported progress. */
  reported(run: TaskRun): void
  /** The run is in another phase. */
  moved(run: TaskRun): void
  /** Called once, when the function of the task has settled. */
  ended(run: TaskRun): void
}

export class TaskRun implements RunName {
  readonly id: string
  readonly token: string
  readonly owner: RunOwner
  readonly definition: string
  readonly task: string
  readonly alone: number | undefined
  readonly attempt: number
  readonly durable: DurableRun | undefined
  readonly failures: number
  readonly retries: number
  readonly same: string | undefined
  readonly isJoinable: boolean
  readonly given: readonly unknown[]
  /** How often it has looked at the state, and what it saw last or made of it. */
  looks = 0
  seen: State | undefined
  /** Resolves, never rejects, when the function of the task has settled. */
  readonly settled: Promise<void>
  /** Blocks of `await using held = await self.lock()` that have not been let go. */
  readonly blocks = new Set<HeldBlock>()
  /** Of a cancelled one: done when it can write nothing more and has ended or had its time. */
  over: Promise<void> | undefined
  phase: Phase = { name: 'running' }
  progress: number | null = null
  note: string | null = null
  readonly permit: Permit
  private readonly abort = new AbortController()
  private readonly saves = new Set<Promise<void>>()
  private readonly ports: RunPorts
  private settle: () => void = () => {}

  constructor(name: RunName, ports: RunPorts) {
    this.id = name.id
    this.token = name.token
    this.owner = name.owner
    this.definition = name.definition
    this.task = name.task
    this.alone = name.alone
    this.attempt = name.attempt
    this.durable = name.durable
    this.failures = name.failures
    this.retries = name.retries
    this.same = name.same
    this.isJoinable = name.isJoinable
    this.given = name.given
    this.ports = ports
    this.settled = new Promise((resolve) => {
      this.settle = resolve
    })
    setMaxListeners(0, this.abort.signal) // every wait of the task listens, and a task may wait for many things at once
    this.permit = {
      signal: this.abort.signal,
      run: this,
      check: () => this.check(),
      saving: (save) => this.track(save),
    }
  }

  looked(state: State): void {
    this.looks += 1
    this.saw(state)
  }

  /** An old state takes memory, so it is kept only where a trigger may join the run. */
  saw(state: State): void {
    if (this.isJoinable) this.seen = state
  }

  get isRunning(): boolean {
    return this.phase.name === 'running'
  }

  /** It runs, or has failed and may be tried again. */
  get isOpen(): boolean {
    return this.phase.name === 'running' || this.phase.name === 'failed'
  }

  /** It has failed of something that is no fault of its own, and goes on as after a crash. */
  get isNoFault(): boolean {
    const { phase } = this
    return this.durable !== undefined && phase.name === 'failed' && phase.reason.code === 'store-unreachable'
  }

  /** Where it has failed: it is not tried again. */
  get isLast(): boolean {
    const { phase } = this
    const isStale = phase.name === 'failed' && phase.reason.code === 'stale-write'
    return isStale || (this.failures >= this.retries && !this.isNoFault)
  }

  /** It can do nothing more, and is not tried again; its function has not ended, or only just. */
  get isEnding(): boolean {
    return !this.isRunning && (this.phase.name !== 'failed' || this.isLast)
  }

  get isSaving(): boolean {
    return this.saves.size > 0
  }

  /** Resolves, never rejects, when no save of it is under way. */
  async atRest(): Promise<void> {
    while (this.isSaving) await Promise.allSettled([...this.saves])
  }

  /** For people. */
  get where(): string {
    return `Task "${this.task}" of state "${this.definition}"`
  }

  get failure(): Failure | null {
    return this.phase.name === 'failed' ? toFailure(this.phase.reason) : null
  }

  /** Runs the function to its end. Resolves when it has settled; how it ended is in `phase`. */
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
      await (timeoutMs === undefined ? work : this.within(timeoutMs, work))
      for (const block of [...this.blocks]) await block.confirm()
      if (this.phase.name === 'running') this.enter({ name: 'done' })
    } catch (error) {
      this.fail(error)
    } finally {
      for (const block of [...this.blocks]) await block.confirm()
      this.ports.ended(this)
      this.settle()
    }
  }

  report(fraction: number, note?: string): void {
    this.check()
    if (typeof fraction !== 'number' || Number.isNaN(fraction))
      throw new HeldStateError('invalid-arguments', `progress(${fraction}): expected a fraction from 0 to 1.`)
    this.progress = Math.min(1, Math.max(0, fraction))
    this.note = note === undefined ? null : cut(String(note), textLimits.messageText)
    this.ports.reported(this)
  }

  /** Takes the permit away; false if it has none any more. */
  cancel(reason: HeldStateError): boolean {
    if (!this.isOpen) return false // one that has failed would be tried again
    this.enter({ name: 'cancelled', reason })
    this.abort.abort(reason)
    return true
  }

  /** After a cancel: resolves when no write of this run can come any more and its function has ended or had its time. */
  async stopped(timeUp: Promise<void>): Promise<void> {
    await Promise.allSettled([...this.saves])
    for (const block of [...this.blocks]) void block.confirm() // a block that can save nothing keeps nobody waiting
    await Promise.race([this.settled, timeUp])
  }

  /** A run fails when its function throws, or when a block it has left cannot be saved. */
  fail(error: unknown): void {
    if (this.phase.name !== 'running') return
    const reason = concealed('task-failed', this.where, error)
    this.enter({ name: 'failed', reason, cause: error })
    this.abort.abort(reason)
  }

  /** What follows a block that was left without a throw confirms it: see `HeldBlock`. */
  confirmBlocks(): void {
    for (const block of this.blocks) if (block.left) void block.confirm()
  }

  private enter(phase: Phase): void {
    this.phase = phase
    this.ports.moved(this)
  }

  private check(): void {
    const { phase } = this
    switch (phase.name) {
      case 'running':
        return
      case 'cancelled':
      case 'failed':
        throw phase.reason
      case 'done':
        throw new HeldStateError('task-cancelled', 'This task has ended; what it left running cannot write any more.')
      default:
        unreachable(phase)
    }
  }

  /** A task is an async function or an async generator; each `yield` shows what an open block changed so far. */
  private async drive(result: unknown, line: Error | undefined): Promise<void> {
    const where = () => this.where
    if (!isIterator(result)) return this.start(triggersIn(await result, where, line))
    try {
      for (let done = false; !done; ) {
        const step = await this.watched(() => result.next())
        done = step.done === true
        const triggers = triggersIn(step.value, where, line)
        if (!done) for (const block of [...this.blocks]) await block.show()
        this.start(triggers)
      }
    } catch (error) {
      this.fail(error) // before the generator's own `finally` and `await using` run, so that they can save nothing
      await result.return?.(undefined)
    }
  }

  private watched<T>(call: () => T): T {
    const { watchdog } = this.ports
    watchdog.enter('Task', this.definition, this.task)
    try {
      return call()
    } finally {
      watchdog.leave()
    }
  }

  /** What a run that was cancelled returned or yielded starts nothing. */
  private start(triggers: readonly Trigger[]): void {
    this.check()
    this.ports.start(triggers)
  }

  private track(save: Promise<void>): Promise<void> {
    this.saves.add(save)
    return save.finally(() => this.saves.delete(save))
  }

  /** A run that takes longer fails; its function is given a moment to notice. */
  private async within(ms: number, work: Promise<void>): Promise<void> {
    const { clock, cancelGraceMs } = this.ports
    let cancelTimer = () => {}
    const late = new Promise<void>((resolve) => {
      cancelTimer = clock.after(ms, () => {
        this.fail(new HeldStateError('task-timeout', `Task "${this.task}" took longer than its timeout of ${ms} ms.`))
        cancelTimer = clock.after(cancelGraceMs, resolve)
      })
    })
    try {
      await Promise.race([work, late])
    } finally {
      cancelTimer()
    }
  }
}
