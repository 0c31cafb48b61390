/** Whether work may still write. A task loses its permit when it is cancelled; everybody else has one for good. */
import type { State, TaskName } from '../store/store.js'

export interface Permit {
  /** Ends waiting for the lock. */
  readonly signal: AbortSignal | undefined
  /** The task that it is for. */
  readonly run?: PermitRun
  /** Throws if nothing may be written any more. */
  check(): void
  /** Told of a save that is on its way, until the change is accepted, so that `cancel()` can wait for it. */
  saving(save: Promise<void>): Promise<void>
}

export interface PermitRun extends TaskName {
  readonly id: string
  /** What it has made of the state. */
  saw(state: State): void
}

export const granted: Permit = { signal: undefined, check: () => {}, saving: (save) => save }
