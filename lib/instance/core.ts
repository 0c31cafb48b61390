/** What transactions need of the rest of a process. */
import type { HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { Registry } from '../state/registry.js'
import type { RunningTask, State, StateStore } from '../store/store.js'
import type { Instance } from './instance.js'
import type { LockScope } from './lock-scope.js'
import type { Locks } from './locks.js'
import type { Processes } from './task-runs.js'

export interface Core {
  readonly flow: LockScope
  readonly limits: Limits
  readonly log: Log
  readonly locks: Locks
  readonly registry: Registry
  readonly store: StateStore
  readonly nodes: Processes & {
    /** This process may write the token without asking. */
    holds(token: string): boolean
  }
  readonly endings: {
    /** Throws if the token was ended. */
    check(token: string): void
  }
  instance(token: string): Instance
  /** A save was refused since another process has taken over. */
  lost(instance: Instance, reason: HeldStateError): void
  /** The stored state of an instance was read again. Other processes have ended or taken over these runs of this one. */
  told(instance: Instance, lost: readonly RunningTask[]): void
  /** About so many bytes were put into a state, which is now `staged`. Throws if it is larger than it may be. */
  grow(instance: Instance, bytes: number, staged: State): void
  /** The lock of an instance is free again. */
  released(instance: Instance): void
}
