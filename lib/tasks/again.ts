/** What becomes of the start of a task of which runs have not all ended. */
import { HeldStateError } from '../base/errors.js'
import type { RunningTask } from '../store/store.js'
import { digestOf } from './same-arguments.js'
import type { TaskStart } from './task-start.js'

/** What of its task has not ended when a start comes. */
export interface Present {
  /** Runs that go on, and starts that wait. */
  readonly open: readonly RunningTask[]
  /** A run can do nothing more, and its function has not ended. */
  readonly isEnding: boolean
}

export type Admission =
  /** It begins at once. */
  | { readonly name: 'begin' }
  /** It begins when those before it have ended. */
  | { readonly name: 'wait' }
  /** The others are cancelled, and it begins when they have ended. */
  | { readonly name: 'replace' }
  /** It is taken for the start of this run. */
  | { readonly name: 'join'; readonly run: RunningTask }
  | { readonly name: 'refuse'; readonly run: RunningTask; readonly error: HeldStateError }

/** Stands for the arguments of a start, where an equal one would join it. */
export const sameOf = ({ declaration: { concurrency, again }, given }: TaskStart): string | undefined =>
  concurrency === 'single' && again === 'join' ? digestOf(given) : undefined

export function admission(start: TaskStart, { open, isEnding }: Present): Admission {
  const { concurrency, again } = start.declaration
  const last = open.at(-1)
  if (concurrency === 'many') return { name: 'begin' }
  if (!last) return { name: isEnding ? 'wait' : 'begin' }
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
      ? `Task "${task}" runs already, and only one copy may. Cancel it first, or wait until it has ended.`
      : `Task "${task}" runs already, with other arguments, and only one copy may. Cancel it first, wait until it has ended, or ` +
          "declare what you want: again: 'restart' ends the run for the new start, concurrency: 'queue' lets the start wait.",
  )

export const restarted = (task: string): HeldStateError =>
  new HeldStateError('task-cancelled', `Task "${task}" was cancelled, since it was started again.`)
