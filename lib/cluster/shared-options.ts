/** What a shared store is made of. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import type { Ledger } from './coordinator.js'

export interface SharedStoreOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log?: Log
  /** Milliseconds that a node is taken to live after it was heard of last. */
  readonly leaseMs: number
  /** Milliseconds that a token is kept which nobody uses; those of the hub, if none are given. */
  readonly keepMs?: number | undefined
}
