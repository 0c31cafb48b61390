/**
 * Evicts idle states: those without a page and without a task. After some minutes an idle state leaves the memory and stays in the store.
 * After `retainMs` it is dropped from the store as well.
 */
import type { Clock } from '../base/clock.js'
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'
import { sweepMs } from '../base/sweep-interval.js'
import { inTab } from '../base/text.js'
import type { StateStore } from '../store/store.js'
import type { Instance } from './instance.js'
import type { Locks, Release } from './locks.js'
import { refuseCrowded } from './state-size.js'

export interface EvictionCore {
  readonly clock: Clock
  readonly limits: Limits
  readonly locks: Locks
  readonly log: Log
  readonly store: StateStore
  readonly instances: ReadonlyMap<string, Instance>
  readonly tasks: { has(token: string): boolean }
  /** Saves the ends of calls and tasks of the instance. */
  saveEnds(instance: Instance): Eventually<void>
  /** The hub forgets the instance. */
  forget(token: string): void
}

interface Unloaded {
  /** Milliseconds of the clock. */
  readonly usedAt: number
  /** The bytes that the state still takes in the memory of this process. */
  readonly bytes: number
}

export class Eviction {
  private readonly core: EvictionCore
  /** Bytes that states in memory may take together. */
  private readonly bytesLimit: number
  /** The estimated bytes of all instances. */
  private bytes = 0
  /** Idle instances. The one that became idle first comes first. */
  private readonly idle = new Set<Instance>()
  /** Tokens that only the store has, if the store does not record when they were used. The oldest comes first. */
  private readonly unloaded = new Map<string, Unloaded>()
  private cancelExpiry: (() => void) | undefined
  private cancelSweep = () => {}
  private isClosed = false

  constructor(core: EvictionCore, bytesLimit: number) {
    this.core = core
    this.bytesLimit = bytesLimit
    this.sweepLater()
  }

  /** Milliseconds for which an idle token stays in the store. */
  private get retainMs(): number {
    const { limits, store } = this.core
    return store.shared?.retainMs ?? limits.retainMs
  }

  /** Unloads the instance after a while, if it is idle now and still idle then. */
  schedule(instance: Instance): void {
    if (instance.cancelDrop || this.isNeeded(instance)) return
    const { clock, limits } = this.core
    const unloadMs = instance.exists ? limits.unloadMs : Math.min(limits.unloadMs, processLimits.windowMs)
    this.idle.add(instance)
    instance.cancelDrop = clock.after(Math.min(unloadMs, this.retainMs), () => {
      instance.cancelDrop = undefined
      if (!this.isNeeded(instance)) void this.unload(instance)
    })
    this.makeRoom()
  }

  cancel(instance: Instance): void {
    instance.cancelDrop?.()
    instance.cancelDrop = undefined
    this.idle.delete(instance)
    const { bytes = 0 } = this.unloaded.get(instance.token) ?? {}
    this.leave(instance.token, undefined)
    if (bytes <= instance.bytes) return
    this.bytes += bytes - instance.bytes
    instance.bytes = bytes
  }

  /** Records what only the store has of a token from now on; `undefined` forgets the entry. */
  private leave(token: string, unloaded: Unloaded | undefined): void {
    this.bytes += (unloaded?.bytes ?? 0) - (this.unloaded.get(token)?.bytes ?? 0)
    this.unloaded.delete(token) // the newest is the last
    if (unloaded) this.unloaded.set(token, unloaded)
  }

  /** Whether a page or a task of this process uses the instance. */
  isNeeded({ token, watchers }: Instance): boolean {
    return watchers.size > 0 || this.core.tasks.has(token)
  }

  /** The size of an instance has changed by so many bytes. */
  grew(by: number): void {
    this.bytes += by
    if (by > 0) this.makeRoom()
  }

  /** Throws if the states in use take too much memory together, so no more may be put into one. Idle states do not count: they are unloaded. */
  refuseCrowded(instance: Instance, bytes: number): void {
    if (instance.revision === 0) this.refuseFull()
    if (bytes <= 0 || this.bytes <= this.bytesLimit) return
    let needed = this.bytes
    for (const idle of this.core.store.inMemory ? [] : this.idle) {
      needed -= idle.bytes
      if (needed <= this.bytesLimit) return
    }
    refuseCrowded(instance, bytes, needed / this.bytesLimit, this.bytesLimit)
  }

  /** Throws if the store is nearly full. Called before the first save of a tab. */
  private refuseFull(): void {
    const { limits, log, store } = this.core
    const bytes = store.bytes?.() ?? 0
    if (bytes <= limits.storeBytes * crowdLimits.storeFullAt) return
    log.warn(
      `The store holds ${Math.round(bytes / 1e6)} MB, more than 80 % of the limit "storeBytes" (${Math.round(limits.storeBytes / 1e6)} MB). New tabs are rejected until old ones expire. Raise the limit, or lower "retainMs".`,
    )
    throw new HeldStateError('store-full', 'The server has no room for new tabs. Nothing was changed. Try again later.')
  }

  private makeRoom(): void {
    if (this.bytes <= this.bytesLimit || this.core.store.inMemory) return
    let bytes = this.bytes
    for (const instance of this.idle) {
      if (bytes <= this.bytesLimit) return
      if (!instance.cancelDrop || this.isNeeded(instance)) continue
      bytes -= instance.bytes
      instance.cancelDrop()
      instance.cancelDrop = undefined
      void this.unload(instance)
    }
  }

  /** The process closes. The states stay in the store for the next process. */
  close(instances: Iterable<Instance>): void {
    this.isClosed = true
    this.cancelSweep()
    this.cancelExpiry?.()
    for (const instance of instances) this.cancel(instance)
  }

  /** Schedules the next sweep, which drops states that earlier processes left and no tab came back to. */
  private sweepLater(): void {
    const { clock, store } = this.core
    if (!store.unused || this.isClosed) return
    this.cancelSweep = clock.after(sweepMs(this.retainMs), () => void this.sweep())
  }

  private async sweep(): Promise<void> {
    const { instances, log, store } = this.core
    try {
      let before: string | undefined
      let tokens = (await store.unused?.(instances.keys(), this.retainMs)) ?? []
      // the store names some of them; one that could not be dropped would be named for ever
      while (tokens[0] !== undefined && tokens[0] !== before && !this.isClosed) {
        for (const token of tokens) if (!this.isClosed) await this.drop(token, () => instances.has(token))
        before = tokens[0]
        tokens = (await store.unused?.([], this.retainMs)) ?? []
      }
    } catch (error) {
      if (!this.isClosed) log.error('Failed to list the expired tabs of the store.', error)
    }
    this.sweepLater()
  }

  /** The hub tells a store without timestamps when to drop a token. */
  private expireLater(): void {
    const { clock, instances } = this.core
    const [oldest] = this.unloaded
    if (!oldest || this.cancelExpiry || this.isClosed) return
    const [token, unloaded] = oldest
    this.cancelExpiry = clock.after(unloaded.usedAt + this.retainMs - clock.now(), () => {
      this.cancelExpiry = undefined
      if (this.unloaded.get(token) === unloaded) {
        void this.drop(token, () => instances.has(token))
        this.leave(token, undefined)
      }
      this.expireLater()
    })
  }

  /** Removes the instance from memory, once everything that only memory has is saved. */
  private async unload(instance: Instance): Promise<void> {
    const { clock, limits, locks, log, store } = this.core
    const { token } = instance
    if (this.retainMs <= limits.unloadMs) return this.drop(token, () => this.isNeeded(instance))
    let release: Release | undefined
    try {
      if (instance.exists && instance.hasUnsavedEnds) await this.core.saveEnds(instance)
      release = await locks.acquire(token)
      await instance.pending?.drained()
      if (this.isGone(instance)) return
      if (instance.exists && instance.hasUnsavedEnds) return this.schedule(instance)
      this.forget(instance)
      if (instance.exists && !store.unused)
        this.leave(token, { usedAt: clock.now() - limits.unloadMs, bytes: store.inMemory ? instance.bytes : 0 })
      this.expireLater()
      await this.free(token)
    } catch (error) {
      log.warn(
        `Failed to save the results of calls, so the state of an unused tab stays in memory ${inTab(token)}.`,
        error,
      )
      this.schedule(instance)
    } finally {
      release?.()
    }
  }

  /** The store may free what it keeps in memory for the token. The instance has left, whatever comes of it. */
  private async free(token: string): Promise<void> {
    const { log, store } = this.core
    try {
      await store.unload?.(token, this.retainMs)
    } catch (error) {
      log.warn(`Failed to tell the store that a tab is unused ${inTab(token)}.`, error)
    }
  }

  /** The instance is in use again, or was already removed. */
  private isGone(instance: Instance): boolean {
    return this.isClosed || this.isNeeded(instance) || this.core.instances.get(instance.token) !== instance
  }

  /** The app has forgotten the state, under its lock. */
  gone(instance: Instance): void {
    this.leave(instance.token, undefined)
    this.forget(instance)
  }

  private forget(instance: Instance): void {
    this.idle.delete(instance)
    this.bytes -= instance.bytes
    instance.cancelDrop?.()
    instance.cancelDrop = undefined
    this.core.forget(instance.token)
  }

  private async drop(token: string, isNeeded: () => boolean): Promise<void> {
    const { instances, locks, log, store } = this.core
    let release: Release | undefined
    try {
      release = await locks.acquire(token)
      await instances.get(token)?.pending?.drained()
      if (isNeeded()) return
      const instance = instances.get(token)
      this.leave(token, undefined)
      if (instance) this.forget(instance) // first: a page that comes while the store forgets gets a new one, and waits for the lock
      await store.drop(token)
    } catch (error) {
      log.error(`Failed to delete the state of an unused tab from the store ${inTab(token)}.`, error)
    } finally {
      release?.()
    }
  }
}
