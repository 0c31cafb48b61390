/** Decides what happens to the start of a task while other runs of the task have not finished. */
import { HeldStateError } from '../base/errors.js'
import type { RunningTask } from '../store/store.js'
import { digestOf } from './argument-digest.js'
import type { TaskStart } from './task-start.js'

/** The runs that a start meets. */
export interface Present {
  /** Runs under way, and starts that wait. */
  readonly open: readonly RunningTask[]
  /** Whether there is a run that can do nothing more, and whose function has not settled. */
  readonly isFinishing: boolean
}

export type StartDecision =
  /** The start begins at once. */
  | { readonly name: 'begin' }
  /** The start begins when the runs and starts before it have finished. */
  | { readonly name: 'wait' }
  /** The open runs are cancelled. The start begins when they have finished. */
  | { readonly name: 'replace' }
  /** The start is part of this run. */
  | { readonly name: 'join'; readonly run: RunningTask }
  | { readonly name: 'refuse'; readonly run: RunningTask; readonly error: HeldStateError }

/** The digest of the arguments, where a start with equal arguments would join. */
export const sameOf = ({ declaration: { concurrency, again }, rawArgs }: TaskStart): string | undefined =>
  concurrency === 'single' && again === 'join' ? digestOf(rawArgs) : undefined

export function decideStart(start: TaskStart, { open, isFinishing }: Present): StartDecision {
  const { concurrency, again } = start.declaration
  const last = open.at(-1)
  if (concurrency === 'many') return { name: 'begin' }
  if (!last) return { name: isFinishing ? 'wait' : 'begin' }
  if (concurrency === 'queue') return { name: 'wait' }
  if (again === 'restart') return { name: 'replace' }
  const same = sameOf(start)
  const equal = same === undefined ? undefined : open.find((run) => run.same === same)
  return equal ? { name: 'join', run: equal } : { name: 'refuse', run: last, error: alreadyRunning(start) }
}

const alreadyRunning = ({ task, declaration: { again } }: TaskStart) =>
  new HeldStateError(
    'already-running',
    again === 'reject'
      ? `Task "${task}" is already running, and it allows only one copy. Cancel it first, or wait until it ends.`
      : `Task "${task}" is already running with other arguments, and it allows only one copy. Cancel it first, wait until it ends, or ` +
          "declare it with again: 'restart' to replace the running copy, or concurrency: 'queue' to wait for it.",
  )

export const restarted = (task: string): HeldStateError =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled because it was started again.`)

export const restartedOnEdit = (task: string): HeldStateError =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled because its code was edited; restarting.`)
