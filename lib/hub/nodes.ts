/**
 * What this process is among those that share a store: it gives up tokens that others wait for, shows what they make of
 * those that it follows, and takes over the tasks of processes that have ended. Alone, it is all there is.
 */
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { Ears, RunningTask, Shared, StateStore, Stored } from '../store/store.js'
import type { Instance } from './instance.js'
import type { Locks } from './locks.js'

/** What it asks of the hub. */
export interface NodesGround {
  readonly clock: Clock
  readonly locks: Locks
  readonly log: Log
  readonly store: StateStore
  known(token: string): Instance | undefined
  /** A tab or a task here needs it. */
  isNeeded(instance: Instance): boolean
  /** Runs here that others have ended or taken over. */
  overruled(token: string, runs: readonly RunningTask[]): void
  takeOver(token: string): Promise<void>
  /** The store shall know what the tasks here have come to. */
  bringUpToDate(instance: Instance): void
  tracked(work: Promise<void>): void
}

export class Nodes implements Ears {
  readonly node: string
  private readonly ground: NodesGround
  private readonly store: Shared | undefined
  private readonly leaving = new Set<string>()
  private readonly reporting = new Map<string, () => void>()
  private takingOver: Promise<void> | undefined
  private asked = false
  private ended = false

  constructor(ground: NodesGround) {
    this.ground = ground
    this.store = ground.store.shared
    this.node = this.store?.node ?? ground.clock.id()
    this.store?.listen(this)
  }

  get shared(): boolean {
    return this.store !== undefined
  }

  isAlive(node: string): boolean {
    return this.store?.isAlive(node) ?? node === this.node
  }

  /** Whether a token that was loaded is this process's still, as far as it can know. */
  holds(token: string): boolean {
    return this.store?.holds(token) ?? true
  }

  wanted(token: string): void {
    if (this.leaving.has(token)) return
    this.leaving.add(token)
    this.ground.tracked(this.giveUp(token))
  }

  /** In its turn among those that wait for the lock here. */
  private async giveUp(token: string): Promise<void> {
    const { locks, log, known, isNeeded } = this.ground
    try {
      const release = await locks.acquire(token)
      try {
        this.leaving.delete(token)
        const instance = known(token)
        const follow = instance !== undefined && isNeeded(instance)
        if (instance) {
          instance.loaded = false
          instance.followed = follow
        }
        await this.store?.release(token, follow)
      } finally {
        release()
      }
    } catch (error) {
      this.leaving.delete(token)
      if (!this.ended) log.warn('A tab that another process waits for could not be given up; it asks again.', error)
    }
  }

  changed(token: string, stored: Stored | undefined): void {
    const { known, isNeeded, log, overruled } = this.ground
    const instance = known(token)
    if (!instance || !isNeeded(instance)) {
      if (instance) instance.followed = false
      this.store?.unfollow(token).catch((error) => log.warn('A tab that has gone is followed still.', error))
    } else if (instance.followed) overruled(token, instance.follow(stored))
  }

  missed(): void {
    void this.takeOver()
  }

  /** Takes over what processes have left that have ended. Resolves when there is no more of it. */
  takeOver(): Promise<void> {
    this.asked = true
    this.takingOver ??= this.orphans().finally(() => {
      this.takingOver = undefined
    })
    return this.takingOver
  }

  private async orphans(): Promise<void> {
    const { store, log, takeOver } = this.ground
    while (this.asked && !this.ended) {
      this.asked = false
      try {
        const tokens = (await store.orphans?.()) ?? []
        for (let at = 0; at < tokens.length && !this.ended; at += fixedLimits.orphansAtOnce)
          await Promise.all(tokens.slice(at, at + fixedLimits.orphansAtOnce).map((token) => takeOver(token)))
        this.asked ||= this.shared && tokens.length > 0 // it gives some of them
      } catch (error) {
        if (!this.ended) log.error('The store could not be asked for the tasks of processes that have ended.', error)
      }
    }
  }

  /** A task here said how far it is. Tabs of other processes see what is saved of that, now and then. */
  reported(instance: Instance): void {
    const { clock, bringUpToDate } = this.ground
    if (!this.store || instance.watchers.size > 0 || this.reporting.has(instance.token)) return
    const report = () => {
      this.reporting.delete(instance.token)
      bringUpToDate(instance)
    }
    this.reporting.set(instance.token, clock.after(fixedLimits.progressEveryMs, report))
  }

  end(): void {
    this.ended = true
    for (const cancel of this.reporting.values()) cancel()
    this.reporting.clear()
  }
}
