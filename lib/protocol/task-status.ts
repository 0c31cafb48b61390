/** The status of one background task, as a tab sees it. A new object at each change; equal statuses share one. */
import type { Failure } from '../base/errors.js'

/** How a run ended. `failed` comes with an error that says why. */
export type TaskOutcome = 'done' | 'failed' | 'cancelled'

/** One copy of a task, or a start that waits. */
export interface RunStatus {
  readonly run: string
  /** Milliseconds since the epoch; `null` while it waits. */
  readonly started: number | null
  readonly attempt: number
  /** Left out, together with the note, where both are those of the task. */
  readonly progress?: number | null
  readonly note?: string | null
}

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
  /** The copies that run, and after them the starts that wait; left out where there are none. */
  readonly runs?: readonly RunStatus[]
  /** What the last run replied that has replied; left out where none has. */
  readonly result?: unknown
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
