/**
 * Stops a run of a task from writing once it is cancelled or has failed. All other code is never stopped. Whether this process may write a
 * token at all is another question: `ownership.ts` answers it, and lists all checks of a write in their order.
 */
import type { State, TaskName } from '../store/store.js'

export interface CancelGuard {
  /** Aborts a wait for the lock. */
  readonly signal: AbortSignal | undefined
  /** The run that writes; `undefined` for code outside of tasks. */
  readonly run?: GuardedRun
  /** Throws once nothing may be written any more. */
  check(): void
  /** Follows a save until its change is accepted, so that a cancel can wait for it. Returns what resolves with it. */
  trackSave(save: Promise<void>): Promise<void>
}

export interface GuardedRun extends TaskName {
  readonly id: string
  /** The run has made `state`. */
  saw(state: State): void
}

export const unguarded: CancelGuard = { signal: undefined, check: () => {}, trackSave: (save) => save }
