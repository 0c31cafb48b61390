/**
 * What this process is among those that share a store: it gives up tokens that others wait for, shows what they make of
 * those that it follows, and takes over the tasks of processes that have ended. Alone, it is all there is.
 */
import type { Clock } from '../base/clock.js'
import { type Eventually, promised } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import type { Eviction } from '../instance/eviction.js'
import type { Instance } from '../instance/instance.js'
import type { Locks } from '../instance/locks.js'
import { inTab } from '../instance/token.js'
import type { Session } from '../session/session.js'
import type { ClusterEvents, RunningTask, Shared, StateStore, Stored } from '../store/store.js'
import type { TaskScheduler } from '../tasks/scheduler.js'

/** What it asks of the hub. */
export interface NodesGround {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'keepMs'>
  readonly locks: Locks
  readonly log: Log
  readonly store: StateStore
  readonly instances: ReadonlyMap<string, Instance>
  readonly sessions: Iterable<Pick<Session, 'notifyStore'>>
  readonly keeping: Pick<Eviction, 'isNeeded'>
  readonly endings: {
    /** Another process asks for something. */
    heard(word: string): void
  }
  readonly tasks: Pick<TaskScheduler, 'adopt' | 'saver' | 'disconnects' | 'isFull'>
  /** Knows what is kept of an instance now. */
  refresh(instance: Instance): Eventually<void>
  /** Resolves when the definitions are loaded. */
  ready(): Promise<void>
  /** The stored state of an instance was read again. Other processes have ended or taken over these runs of this one. */
  told(instance: Instance, lost: readonly RunningTask[]): void
  tracked(work: Promise<void>): unknown
}

export class Nodes implements ClusterEvents {
  readonly node: string
  private readonly ground: NodesGround
  private readonly store: Shared | undefined
  private readonly leaving = new Set<string>()
  /** Tokens with durable tasks that nobody runs. */
  private readonly heirless = new Set<string>()
  private working: Promise<void> | undefined
  /** The store is to be asked for more of them. */
  private asked = false
  private cancelWork = () => {}
  private ended = false
  /** The store is out of reach, for a while already. */
  away = false

  constructor(ground: NodesGround) {
    this.ground = ground
    this.store = ground.store.shared
    this.node = this.store?.node ?? ground.clock.id()
    this.store?.listen(this, ground.limits.keepMs)
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
    void this.ground.tracked(this.giveUp(token))
  }

  /** In its turn among those that wait for the lock here. */
  private async giveUp(token: string): Promise<void> {
    const { locks, log, instances, keeping } = this.ground
    try {
      const release = await locks.acquire(token)
      try {
        this.leaving.delete(token)
        await instances.get(token)?.pending?.drained()
        const instance = instances.get(token)
        const follow = instance !== undefined && keeping.isNeeded(instance)
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
    const { instances, keeping, log } = this.ground
    const instance = instances.get(token)
    if (!instance || !keeping.isNeeded(instance)) {
      instance?.unfollow()
      this.store
        ?.unfollow(token)
        .catch((error) => log.warn(`Failed to stop following a tab that has gone ${inTab(token)}.`, error))
    } else if (instance.role === 'follower') this.ground.told(instance, instance.follow(stored))
  }

  onBroadcast(word: string): void {
    this.ground.endings.heard(word)
  }

  /** Tabs of tokens that others may have changed are shown what is so. */
  onLeaseLost(): void {
    const { instances, keeping, tasks } = this.ground
    for (const instance of instances.values()) {
      const isNeeded = keeping.isNeeded(instance)
      if ((instance.role === 'owner' && isNeeded) || instance.runs.outdated) tasks.saver.own(instance)
      else if (isNeeded) this.ask(instance)
    }
  }

  /** It may have been held when it was asked for last: then nobody tells of changes. */
  private ask(instance: Instance): void {
    const { log } = this.ground
    void this.ground.tracked(
      promised(() => this.ground.refresh(instance)).catch((error) => {
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
  aloneMs(token: string): Eventually<number | undefined> {
    return this.store ? this.store.unattendedMs(token) : Number.POSITIVE_INFINITY
  }

  onLastPageLeft(token: string): void {
    this.ground.tasks.disconnects.onLastPageLeft(token)
  }

  onStoreReachable(reachable: boolean): void {
    this.away = !reachable
    for (const session of this.ground.sessions) session.notifyStore(!reachable)
  }

  onOrphans(): void {
    for (const { token, role, runs } of this.ground.instances.values())
      if (role === 'owner' && runs.recheckLiveness()) this.heirless.add(token)
    void this.takeOver()
  }

  /** Takes over what processes have left that have ended. Resolves when there is no more of it. */
  takeOver(): Promise<void> {
    this.asked = true
    return this.work()
  }

  /** A token was loaded whose durable tasks have lost their process. */
  inherit(token: string): void {
    if (this.heirless.has(token)) return
    this.heirless.add(token)
    void this.work()
  }

  private work(): Promise<void> {
    this.working ??= this.orphans().finally(() => {
      this.working = undefined
      if (this.heirless.size > 0 || this.asked) this.workLater()
    })
    return this.working
  }

  /** What could not be taken over is tried again: the store may have failed, or as many tasks run here as may. */
  private workLater(): void {
    this.cancelWork()
    if (!this.ended) this.cancelWork = this.ground.clock.after(fixedLimits.saveAgainMs, () => void this.work())
  }

  private async orphans(): Promise<void> {
    const { store, log, tasks } = this.ground
    // who is taken for dead is taken over, and takes over nobody
    for (let found = true; found && !this.ended && !tasks.isFull && this.isAlive(this.node); ) {
      found = false
      try {
        if (this.asked) {
          this.asked = false
          const tokens = (await store.orphans?.()) ?? []
          for (const token of tokens) this.heirless.add(token)
          this.asked ||= this.shared && tokens.length > 0 // it gives some of them
          found = this.asked
        }
      } catch (error) {
        this.asked = true
        if (!this.ended) log.error('The store could not be asked for the tasks of processes that have ended.', error)
      }
      await this.inheritAll()
    }
  }

  /** Some at a time, each for itself: a token that somebody else holds still keeps none of the others waiting. */
  private async inheritAll(): Promise<void> {
    const tokens = [...this.heirless].values()
    const next = async () => {
      for (const token of tokens) if (!this.ended && !this.ground.tasks.isFull) await this.inheritOne(token)
    }
    await Promise.all(Array.from({ length: fixedLimits.inheritedAtOnce }, next))
  }

  private async inheritOne(token: string): Promise<void> {
    try {
      await this.ground.ready()
      await this.ground.tasks.adopt(token)
      this.heirless.delete(token)
    } catch (error) {
      if (!this.ended)
        this.ground.log.warn(`Tasks of a process that has died could not be taken over yet ${inTab(token)}.`, error)
    }
  }

  end(): void {
    this.ended = true
    this.cancelWork()
  }
}
