/** The hub as code of an app has it. What else a hub has is not for apps, and changes without notice. */
import type { Definition, StateOf } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'
import type { Whose } from './forgotten-tabs.js'
import { HubRuntime } from './hub.js'
import type { HubOptions } from './options.js'

/** A run of a background task that has not settled. */
export interface BackgroundTask {
  /** `self.run` of the task. */
  readonly id: string
  /** The token whose state it changes. */
  readonly token: string
  /** The id of its state. */
  readonly definition: string
  /** Its name there. */
  readonly task: string
  /** Resolves when its function has ended, however it did. */
  readonly settled: Promise<void>
}

/** All state of one process. Made by `createHub()`; that of an app is made by its server. */
export interface Hub {
  /** The background tasks that run now in this process, of all tabs. An entry is removed when its function has ended. */
  readonly backgroundTasks: ReadonlySet<BackgroundTask>
  /**
   * Changes one state of one token: `change` runs under the lock, and what it changed is kept if it returns and forgotten if it throws.
   * Resolves with what it returned once the change is saved. Rejects with `unknown-token` if there is no such tab, with `nested-lock` inside of
   * code that holds a lock, with `lock-timeout` after `limits.lockWaitMs` milliseconds, and with `save-failed` if the store could not keep it.
   */
  modifyState<D extends Definition, T>(
    token: string,
    definition: D,
    change: (state: StateOf<D>, held: HeldToken) => T | Promise<T>,
  ): Promise<T>
  /**
   * Waits for the lock of `token` and holds it to the end of the block: `await using held = await hub.lock(token)`. A block cannot tell that it
   * was left by a throw: call `held.rollback()` in a `catch`, or use `modifyState`. Rejects as `modifyState` does.
   */
  lock(token: string): Promise<HeldToken>
  /** Whether there is a tab with this token, in any process: connected, or with saved state. */
  has(token: string): Promise<boolean>
  /** Closes the connections of a tab or a browser, in all processes. Their pages connect again, with the cookies that they have now. */
  disconnect(whose: Whose): void
  /** Resolves when the definitions are loaded. */
  ready(): Promise<void>
  /** Reaches the store, and takes over the tasks of processes that have died. Rejects with `store-misconfigured` or `store-not-writable` if it cannot be used. */
  resume(): Promise<void>
  /**
   * Shuts down: takes no new work, cancels tasks, lets events finish, closes the connections of pages and the store. Saved changes
   * stay.
   */
  close(): Promise<void>
}

/** Makes a hub of its own, without a server: for scripts, and for tests of a store. Throws `invalid-arguments` for options that there are not. */
export function createHub(options?: HubOptions): Hub {
  return new HubRuntime(options)
}
