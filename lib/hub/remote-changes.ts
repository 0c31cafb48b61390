/** Keeps the states here up to date with what other processes save: applies their changes, and reads again what may be old. */
import { type Eventually, promised } from '../base/eventually.js'
import type { Log } from '../base/log.js'
import { inTab } from '../base/text.js'
import type { Eviction } from '../instance/eviction.js'
import type { Instance } from '../instance/instance.js'
import type { RunningTask, Shared, Stored } from '../store/store.js'
import type { TaskScheduler } from '../tasks/scheduler.js'

export interface RemoteChangesCore {
  readonly log: Log
  readonly instances: ReadonlyMap<string, Instance>
  readonly eviction: Pick<Eviction, 'isNeeded'>
  readonly tasks: Pick<TaskScheduler, 'saver'>
  /** Reads the stored state of an instance again. */
  refresh(instance: Instance): Eventually<void>
  /** The stored state of an instance was read again. Other processes have finished or taken over these runs of this one. */
  onReloaded(instance: Instance, lost: readonly RunningTask[]): void
  tracked(work: Promise<void>): unknown
}

export class RemoteChanges {
  private readonly core: RemoteChangesCore
  private readonly store: Pick<Shared, 'unfollow'>
  private isClosed = false

  constructor(core: RemoteChangesCore, store: Pick<Shared, 'unfollow'>) {
    this.core = core
    this.store = store
  }

  /** Another process has changed a token that this process follows. */
  apply(token: string, stored: Stored | undefined): void {
    const { instances, eviction, log } = this.core
    const instance = instances.get(token)
    if (!instance || !eviction.isNeeded(instance)) {
      instance?.unfollow()
      this.store
        .unfollow(token)
        .catch((error) => log.warn(`Failed to unsubscribe from the changes of a closed tab ${inTab(token)}.`, error))
    } else if (instance.role === 'follower') this.core.onReloaded(instance, instance.follow(stored))
  }

  /** Reads every token again that another process may have changed, after a lease that has lapsed. */
  readAllAgain(): void {
    const { instances, eviction, tasks } = this.core
    for (const instance of instances.values()) {
      const isNeeded = eviction.isNeeded(instance)
      if ((instance.role === 'owner' && isNeeded) || instance.runs.outdated) tasks.saver.takeOwnership(instance)
      else if (isNeeded) this.readAgain(instance)
    }
  }

  /** The store closes: a failure is expected from now on. */
  close(): void {
    this.isClosed = true
  }

  /** If this process owned the token when it last asked, no process sends it changes. */
  private readAgain(instance: Instance): void {
    const { log } = this.core
    void this.core.tracked(
      promised(() => this.core.refresh(instance)).catch((error) => {
        if (!this.isClosed)
          log.warn(`A tab may show an outdated state until its next change ${inTab(instance.token)}.`, error)
      }),
    )
  }
}
