/** The status of one background task, as a tab sees it. A new object at each change; equal statuses share one. */
import type { Failure } from '../base/errors.js'

/** How a run ended. `failed` comes with an error that says why. */
export type TaskOutcome = 'done' | 'failed' | 'cancelled'

export interface TaskStatus {
  /** The number of copies that run. */
  readonly running: number
  /** The number of starts that wait for an earlier run or start of the task. */
  readonly waiting: number
  /** The last reported fraction, 0 to 1. */
  readonly progress: number | null
  readonly note: string | null
  /** Why the last run failed. */
  readonly error: Failure | null
  /** How the last run ended. With several copies, `failed` once a copy has failed. */
  readonly outcome: TaskOutcome | null
}

/** The status of a task that never ran. */
export const idle: TaskStatus = Object.freeze({
  running: 0,
  waiting: 0,
  progress: null,
  note: null,
  error: null,
  outcome: null,
})
