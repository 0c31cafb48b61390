/** What a tab sees of one background task. A new object at each change; equal states share one. */
import type { Failure } from '../base/errors.js'

/** How a run ended; `failed` goes with an error that says why. */
export type TaskOutcome = 'done' | 'failed' | 'cancelled'

export interface TaskStatus {
  /** How many copies run. */
  readonly running: number
  /** How many starts wait for those before them. */
  readonly waiting: number
  /** The last reported fraction, 0 to 1. */
  readonly progress: number | null
  readonly note: string | null
  /** How the last run failed. */
  readonly error: Failure | null
  /** How the last run ended; of several copies, that one failed. */
  readonly outcome: TaskOutcome | null
}

export const idle: TaskStatus = Object.freeze({
  running: 0,
  waiting: 0,
  progress: null,
  note: null,
  error: null,
  outcome: null,
})
