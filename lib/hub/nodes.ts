/**
 * This process's part in the cluster: hands over tokens that other processes wait for, applies their changes to the tokens that
 * it follows, and passes on which pages and processes have gone. Inactive with a single process.
 */
import type { Clock } from '../base/clock.js'
import { type Eventually, promised } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { Eviction } from '../instance/eviction.js'
import type { Instance } from '../instance/instance.js'
import type { Locks } from '../instance/locks.js'
import { inTab } from '../instance/token.js'
import type { Session } from '../session/session.js'
import type { ClusterEvents, RunningTask, Shared, StateStore, Stored } from '../store/store.js'
import type { TaskScheduler } from '../tasks/scheduler.js'

/** What it asks of the hub. */
export interface NodesCore {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'keepMs'>
  readonly locks: Locks
  readonly log: Log
  readonly store: StateStore
  readonly instances: ReadonlyMap<string, Instance>
  readonly sessions: Iterable<Pick<Session, 'notifyStore'>>
  readonly eviction: Pick<Eviction, 'isNeeded'>
  readonly endings: {
    /** Another process asks for something. */
    onBroadcast(word: string): void
  }
  readonly tasks: Pick<TaskScheduler, 'adoptions' | 'saver' | 'disconnects'>
  /** Knows what is kept of an instance now. */
  refresh(instance: Instance): Eventually<void>
  /** The stored state of an instance was read again. Other processes have ended or taken over these runs of this one. */
  onReloaded(instance: Instance, lost: readonly RunningTask[]): void
  tracked(work: Promise<void>): unknown
}

export class Nodes implements ClusterEvents {
  readonly node: string
  private readonly core: NodesCore
  private readonly store: Shared | undefined
  private readonly leaving = new Set<string>()
  private ended = false
  /** The store is out of reach, for a while already. */
  away = false

  constructor(core: NodesCore) {
    this.core = core
    this.store = core.store.shared
    this.node = this.store?.node ?? core.clock.id()
    this.store?.listen(this, core.limits.keepMs)
  }

  get shared(): boolean {
    return this.store !== undefined
  }

  isAlive(node: string): boolean {
    return this.store?.isAlive(node) ?? node === this.node
  }

  /** Whether a token that was loaded is this process's still, as far as it can know. */
  holds(token: string): boolean {
    return this.store?.owns(token) ?? true
  }

  onHandoverRequested(token: string): void {
    if (this.leaving.has(token)) return
    this.leaving.add(token)
    void this.core.tracked(this.giveUp(token))
  }

  /** In its turn among those that wait for the lock here. */
  private async giveUp(token: string): Promise<void> {
    const { locks, log, instances, eviction } = this.core
    try {
      const release = await locks.acquire(token)
      try {
        this.leaving.delete(token)
        await instances.get(token)?.pending?.drained()
        const instance = instances.get(token)
        const follow = instance !== undefined && eviction.isNeeded(instance)
        if (instance) {
          instance.role = follow ? 'follower' : 'none'
        }
        await this.store?.release(token, follow)
      } finally {
        release()
      }
    } catch (error) {
      this.leaving.delete(token)
      if (!this.ended)
        log.warn(
          `A tab that another process waits for could not be handed over ${inTab(token)}; that process asks again.`,
          error,
        )
    }
  }

  onChanged(token: string, stored: Stored | undefined): void {
    const { instances, eviction, log } = this.core
    const instance = instances.get(token)
    if (!instance || !eviction.isNeeded(instance)) {
      instance?.unfollow()
      this.store
        ?.unfollow(token)
        .catch((error) => log.warn(`Failed to stop following a tab that has gone ${inTab(token)}.`, error))
    } else if (instance.role === 'follower') this.core.onReloaded(instance, instance.follow(stored))
  }

  onBroadcast(word: string): void {
    this.core.endings.onBroadcast(word)
  }

  /** Tabs of tokens that others may have changed are shown what is so. */
  onLeaseLost(): void {
    const { instances, eviction, tasks } = this.core
    for (const instance of instances.values()) {
      const isNeeded = eviction.isNeeded(instance)
      if ((instance.role === 'owner' && isNeeded) || instance.runs.outdated) tasks.saver.own(instance)
      else if (isNeeded) this.ask(instance)
    }
  }

  /** This process may have owned the token at the last question. Then no process sends it changes. */
  private ask(instance: Instance): void {
    const { log } = this.core
    void this.core.tracked(
      promised(() => this.core.refresh(instance)).catch((error) => {
        if (!this.ended)
          log.warn(`A tab may show an older state until it changes here ${inTab(instance.token)}.`, error)
      }),
    )
  }

  /** The pages of a token are here, or not here any more. */
  attend(token: string, here: boolean): void {
    this.store?.setPresent(token, here)
  }

  /** Milliseconds for which a token has had no page at any other process; `undefined` while one has. */
  unattendedMs(token: string): Eventually<number | undefined> {
    return this.store ? this.store.unattendedMs(token) : Number.POSITIVE_INFINITY
  }

  onLastPageLeft(token: string): void {
    this.core.tasks.disconnects.onLastPageLeft(token)
  }

  onStoreReachable(reachable: boolean): void {
    this.away = !reachable
    for (const session of this.core.sessions) session.notifyStore(!reachable)
  }

  onOrphans(): void {
    this.core.tasks.adoptions.onOrphans()
  }

  end(): void {
    this.ended = true
  }
}
