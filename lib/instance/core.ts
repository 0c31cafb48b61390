/** The parts of a process that transactions use. */
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
  readonly lockScope: LockScope
  readonly limits: Limits
  readonly log: Log
  readonly locks: Locks
  readonly registry: Registry
  readonly store: StateStore
  readonly nodes: Processes & {
    /** By its lease, this process still owns a token that it has loaded. Call `owns` of `ownership.ts`, which also checks that it was loaded. */
    owns(token: string): boolean
  }
  readonly forgottenTabs: {
    /** Throws if the token was forgotten. */
    check(token: string): void
  }
  instance(token: string): Instance
  /** A save was refused since another process has taken over. */
  onOwnershipLost(instance: Instance, reason: HeldStateError): void
  /** The stored state of an instance was read again. Other processes have finished or taken over these runs of this one. */
  onReloaded(instance: Instance, lost: readonly RunningTask[]): void
  /** About so many bytes were put into a state, which is now `staged`. Throws if it is larger than it may be. */
  grow(instance: Instance, bytes: number, staged: State): void
  /** Something has let go of the instance: a lock, a page or a task. If nothing else needs it, it can leave the memory. */
  onLessUsed(instance: Instance): void
}
