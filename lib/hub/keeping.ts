/** How long an instance is kept that nobody needs: one without a tab and without a task. */
import type { Clock } from '../base/clock.js'
import type { Limits } from '../base/limits.js'
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
  /** The hub shall know the instance no more. */
  forget(token: string): void
}

export class Keeping {
  private readonly ground: KeepingGround

  constructor(ground: KeepingGround) {
    this.ground = ground
  }

  /** Lets an instance go after `keepMs`, if nobody needs it now or then. */
  consider(instance: Instance): void {
    if (instance.cancelDrop || this.isNeeded(instance)) return
    instance.cancelDrop = this.ground.clock.after(this.ground.limits.keepMs, () => {
      instance.cancelDrop = undefined
      if (!this.isNeeded(instance)) void this.drop(instance)
    })
  }

  needed(instance: Instance): void {
    instance.cancelDrop?.()
    instance.cancelDrop = undefined
  }

  private isNeeded({ token, watchers }: Instance): boolean {
    return watchers.size > 0 || this.ground.hasTasks(token)
  }

  private async drop(instance: Instance): Promise<void> {
    const { locks, log, store } = this.ground
    let release: Release | undefined
    try {
      release = await locks.acquire(instance.token)
      if (this.isNeeded(instance)) return
      this.ground.forget(instance.token) // first: who comes while the store forgets gets a new one, and waits for the lock
      await store.drop(instance.token)
    } catch (error) {
      log.error('The state of an unused tab could not be dropped from the store.', error)
    } finally {
      release?.()
    }
  }
}
