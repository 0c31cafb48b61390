/** The options of a shared store. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import type { Coordinator } from './coordinator.js'

export interface SharedStoreOptions {
  readonly coordinator: Coordinator
  readonly clock: Clock
  readonly log?: Log
  /** Milliseconds after its last heartbeat before a process is declared dead. */
  readonly leaseMs: number
  /** Milliseconds for which an unused token is kept; by default those of the hub. */
  readonly retainMs?: number | undefined
}
