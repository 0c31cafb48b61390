/** Hands over tokens of this process that other processes wait for, each in its turn among those that wait for the lock here. */
import type { Log } from '../base/log.js'
import { inTab } from '../base/text.js'
import type { Shared } from '../store/store.js'
import type { Eviction } from './eviction.js'
import type { Instance } from './instance.js'
import type { Locks } from './locks.js'

export interface HandoverCore {
  readonly locks: Locks
  readonly log: Log
  readonly instances: ReadonlyMap<string, Instance>
  readonly eviction: Pick<Eviction, 'isNeeded'>
  tracked(work: Promise<void>): unknown
}

export class Handover {
  private readonly core: HandoverCore
  private readonly store: Pick<Shared, 'release'>
  /** Tokens that wait for their lock, to be handed over. */
  private readonly waiting = new Set<string>()
  private isClosed = false

  constructor(core: HandoverCore, store: Pick<Shared, 'release'>) {
    this.core = core
    this.store = store
  }

  /** Another process waits for the token. */
  request(token: string): void {
    if (this.waiting.has(token)) return
    this.waiting.add(token)
    void this.core.tracked(this.handOver(token))
  }

  /** The store closes: a failure is expected from now on. */
  close(): void {
    this.isClosed = true
  }

  private async handOver(token: string): Promise<void> {
    const { locks, log } = this.core
    try {
      const release = await locks.acquire(token)
      try {
        this.waiting.delete(token)
        await this.releaseToken(token)
      } finally {
        release()
      }
    } catch (error) {
      this.waiting.delete(token)
      if (!this.isClosed)
        log.warn(`Failed to hand a tab over to another process ${inTab(token)}; that process retries.`, error)
    }
  }

  /** Under its lock. A token with a page or a task here is followed from now on. */
  private async releaseToken(token: string): Promise<void> {
    const { instances, eviction } = this.core
    await instances.get(token)?.pending?.drained()
    const instance = instances.get(token)
    const follow = instance !== undefined && eviction.isNeeded(instance)
    if (instance) instance.role = follow ? 'follower' : 'stranger'
    await this.store.release(token, follow)
  }
}
