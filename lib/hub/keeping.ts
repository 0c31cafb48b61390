/** How long an instance is kept that nobody needs: one without a tab and without a task. */
import type { Clock } from '../base/clock.js'
import { fixedLimits, type Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { StateStore } from '../store/store.js'
import type { Instance } from './instance.js'
import type { Locks, Release } from './locks.js'

export interface KeepingGround {
  readonly clock: Clock
  readonly limits: Limits
  readonly locks: Locks
  readonly log: Log
  readonly store: StateStore
  hasTasks(token: string): boolean
  /** The tokens that the hub knows. */
  tokens(): Iterable<string>
  knows(token: string): boolean
  /** Resolves when what was changed of it is kept, or has failed. */
  settled(token: string): Promise<void> | undefined
  /** The hub shall know the instance no more. */
  forget(token: string): void
}

export class Keeping {
  private readonly ground: KeepingGround
  private cancelSweep = () => {}
  private ended = false

  constructor(ground: KeepingGround) {
    this.ground = ground
    this.sweepLater()
  }

  /** Lets an instance go after `keepMs`, if nobody needs it now or then. */
  consider(instance: Instance): void {
    if (instance.cancelDrop || this.isNeeded(instance)) return
    instance.cancelDrop = this.ground.clock.after(this.ground.limits.keepMs, () => {
      instance.cancelDrop = undefined
      if (!this.isNeeded(instance)) void this.drop(instance.token, () => this.isNeeded(instance))
    })
  }

  needed(instance: Instance): void {
    instance.cancelDrop?.()
    instance.cancelDrop = undefined
  }

  /** A tab or a task of this process needs it. */
  isNeeded({ token, watchers }: Instance): boolean {
    return watchers.size > 0 || this.ground.hasTasks(token)
  }

  /** The store shall keep nothing on account of this process any more; the next one goes on with it. */
  end(instances: Iterable<Instance>): void {
    this.ended = true
    this.cancelSweep()
    for (const instance of instances) this.needed(instance)
  }

  /** What a process before this one has left behind, and no tab came back to, is dropped as well. */
  private sweepLater(): void {
    const { clock, limits, store } = this.ground
    if (!store.unused || this.ended) return
    const keepMs = Math.min(limits.keepMs, store.shared?.keepMs ?? limits.keepMs)
    this.cancelSweep = clock.after(keepMs / fixedLimits.sweepsPerKeep, () => void this.sweep())
  }

  private async sweep(): Promise<void> {
    const { limits, log, store, tokens, knows } = this.ground
    try {
      for (const token of (await store.unused?.(tokens(), limits.keepMs)) ?? [])
        if (!this.ended) await this.drop(token, () => knows(token))
    } catch (error) {
      if (!this.ended) log.error('The store could not be asked which tabs nobody has come back to.', error)
    }
    this.sweepLater()
  }

  private async drop(token: string, isNeeded: () => boolean): Promise<void> {
    const { forget, locks, log, settled, store } = this.ground
    let release: Release | undefined
    try {
      release = await locks.acquire(token)
      await settled(token)
      if (isNeeded()) return
      forget(token) // first: who comes while the store forgets gets a new one, and waits for the lock
      await store.drop(token)
    } catch (error) {
      log.error('The state of an unused tab could not be dropped from the store.', error)
    } finally {
      release?.()
    }
  }
}
