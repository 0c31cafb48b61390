/** The hub of this process, for server code that runs anywhere in it. */
import type { HeldToken } from '../state/self.js'
import { currentHub } from './process-slot.js'
import type { BackgroundTask } from './public.js'

export const hub = {
  /** Holds the lock of `token` to the end of the block: `await using held = await hub.lock(token)`. */
  lock: (token: string): Promise<HeldToken> => currentHub().lock(token),
  /** Whether there is a tab with this token, in any process: connected, or with something that is kept or known of it. */
  has: (token: string): Promise<boolean> => currentHub().has(token),
  /** The background tasks that run now. An entry leaves when its task has settled. */
  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return currentHub().backgroundTasks
  },
  /** Ends tasks, lets events finish, says farewell to tabs. Committed changes stay. */
  close: (): Promise<void> => currentHub().close(),
}
