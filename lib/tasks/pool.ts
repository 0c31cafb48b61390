/** The task pool: every run that has not settled, and the status that tabs see of each task. */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { TaskDeclaration } from '../state/declaration.js'
import type { ServerDefinition } from '../state/define.js'
import { type Trigger, trigger } from '../state/trigger.js'
import { TaskRun } from './run.js'
import { type Access, selfOf } from './self.js'
import type { TaskStatus } from './status.js'

/** What the pool asks of the hub. */
export interface PoolPorts {
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  access(token: string): Access
  start(token: string, triggers: readonly Trigger[]): void
  statusOf(token: string, definition: string, task: string): TaskStatus
  setStatus(token: string, definition: string, task: string, status: TaskStatus): void
  /** A task of a token has failed: nobody else hears of it. */
  failed(token: string, error: unknown): void
  /** A run of a token has settled. */
  ended(token: string): void
}

export interface TaskStart {
  readonly token: string
  readonly definition: string
  readonly task: string
  readonly declaration: TaskDeclaration
  readonly args: readonly unknown[]
  /** The same before the schema has seen them. */
  readonly given: readonly unknown[]
}

export class TaskPool {
  readonly runs = new Set<TaskRun>()
  private readonly byToken = new Map<string, Set<TaskRun>>()
  private readonly ports: PoolPorts

  constructor(ports: PoolPorts) {
    this.ports = ports
  }

  /** Starts a run at once; throws if it may not start. */
  start({ token, definition, task, declaration, args, given }: TaskStart): TaskRun {
    const ofToken = this.byToken.get(token) ?? new Set()
    this.refuse(ofToken, definition, task, declaration)
    const { clock } = this.ports
    const run = new TaskRun(
      { id: clock.id(), token, definition, task, alone: declaration.alone, given },
      {
        clock,
        start: (triggers) => this.ports.start(token, triggers),
        changed: (changed) => this.changed(changed),
        ended: (ended) => this.ended(ended),
      },
    )
    this.runs.add(run)
    this.byToken.set(token, ofToken.add(run))
    this.publish(run, { running: this.count(run), progress: null, note: null, error: null })
    void run.run(declaration, selfOf(run, this.ports.access(token)), args)
    return run
  }

  of(token: string): ReadonlySet<TaskRun> {
    return this.byToken.get(token) ?? new Set()
  }

  /** Cancels every run that `which` picks. Once it resolves, none of them writes anything more. */
  async cancel(which: (run: TaskRun) => boolean, reason: HeldStateError): Promise<void> {
    const picked = [...this.runs].filter(which)
    await Promise.all(picked.map((run) => run.cancel(reason, this.ports.limits.cancelGraceMs)))
  }

  /** Runs of edited definitions, where their author wants it, are cancelled and started again as the code is now. */
  async restart(edited: ReadonlyMap<string, ServerDefinition>): Promise<void> {
    const wanted = ({ definition, task }: TaskRun) => edited.get(definition)?.members.tasks.get(task)?.restartOnEdit
    const picked = [...this.runs].filter((run) => run.phase.name === 'running' && wanted(run))
    const again = async (run: TaskRun) => {
      await run.cancel(begunAnew(run.task), this.ports.limits.cancelGraceMs)
      this.ports.start(run.token, [trigger(run.definition, run.task, run.given)])
    }
    await Promise.all(picked.map(again))
  }

  private refuse(ofToken: ReadonlySet<TaskRun>, definition: string, task: string, declaration: TaskDeclaration): void {
    if (ofToken.size >= this.ports.limits.tasksPerToken)
      throw new HeldStateError(
        'too-many-tasks',
        `This tab runs ${ofToken.size} background tasks, the bound "tasksPerToken". "${task}" was not started. Start it again when others have ended.`,
      )
    if (declaration.concurrency === 'many') return
    for (const run of ofToken)
      if (run.definition === definition && run.task === task && run.phase.name === 'running')
        throw new HeldStateError(
          'already-running',
          `Task "${task}" runs already, and only one copy may. Cancel it first, or wait until it has ended.`,
        )
  }

  private changed(run: TaskRun): void {
    const before = this.ports.statusOf(run.token, run.definition, run.task)
    if (run.phase.name === 'running') this.publish(run, { ...before, progress: run.progress, note: run.note })
    else this.publish(run, { ...before, running: this.count(run) })
  }

  private ended(run: TaskRun): void {
    const { token, definition, task, phase } = run
    this.runs.delete(run)
    this.byToken.get(token)?.delete(run)
    const error = run.failure
    if (phase.name === 'failed') {
      this.ports.log.error(`Task "${task}" of state "${definition}" failed.`, phase.cause)
      this.ports.failed(token, phase.reason)
    }
    const before = this.ports.statusOf(token, definition, task)
    this.publish(run, { ...before, running: this.count(run), error: error ?? before.error })
    if (this.of(token).size === 0) this.byToken.delete(token)
    this.ports.ended(token)
  }

  private publish({ token, definition, task }: TaskRun, status: TaskStatus): void {
    this.ports.setStatus(token, definition, task, status)
  }

  /** How many copies run: one that was cancelled does not count, even while its function has not ended. */
  private count({ token, definition, task }: TaskRun): number {
    let count = 0
    for (const run of this.of(token))
      if (run.definition === definition && run.task === task && run.phase.name === 'running') count += 1
    return count
  }
}

const begunAnew = (task: string) =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled, since its code was edited; it starts again.`)
