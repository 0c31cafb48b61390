/**
 * The shared store of one process. The process owns a token over many events, so an event costs one write and no distributed
 * lock. It hands the token over when another process asks. After it was taken for dead, its saves are refused.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { promised } from '../base/eventually.js'
import { defaultLimits } from '../base/limits.js'
import { consoleLog, type Log } from '../base/log.js'
import { processLimits } from '../base/server-limits.js'
import { ownershipLost, refuseStale } from '../store/errors.js'
import { TokenRecord } from '../store/record.js'
import { type ClusterEvents, noEvents, type Shared, type StateStore, type Stored } from '../store/store.js'
import type { Coordinator, Message } from './coordinator.js'
import { Lease, nodeId } from './lease.js'
import { LostSaves } from './lost-saves.js'
import { Presence } from './presence.js'
import { noteSaved } from './replica.js'
import { Replicas } from './replicas.js'
import type { SharedStoreOptions } from './shared-options.js'

export function sharedStore(options: SharedStoreOptions): SharedStore {
  return new SharedStore(options)
}

export class SharedStore implements StateStore, Shared {
  readonly shared: Shared = this
  readonly node: string
  readonly leaseMs: number
  retainMs: number
  private readonly isRetentionGiven: boolean
  private readonly coordinator: Coordinator
  private readonly clock: Clock
  private readonly log: Log
  private events = noEvents
  private readonly replicas: Replicas
  private readonly presence: Presence
  private readonly lease: Lease
  private readonly lostSaves: LostSaves
  private saves = 0
  readonly isAttended = (token: string): Promise<boolean> => this.ready().then(() => this.coordinator.isAttended(token))
  private opening: Promise<void> | undefined
  private closed = false

  constructor({ coordinator, clock, log = consoleLog, leaseMs, retainMs }: SharedStoreOptions) {
    this.coordinator = coordinator
    this.clock = clock
    this.log = log
    this.leaseMs = leaseMs
    this.retainMs = retainMs ?? defaultLimits.retainMs
    this.isRetentionGiven = retainMs !== undefined
    this.node = nodeId(clock)
    const { node } = this
    const ready = () => this.ready()
    const warn = (message: string, error: unknown) => this.warn(message, error)
    this.presence = new Presence({
      coordinator,
      node,
      keep: this,
      ready,
      warn,
    })
    this.lostSaves = new LostSaves(coordinator, clock, log)
    this.lease = new Lease({
      coordinator,
      clock,
      node,
      leaseMs,
      onMessagesLost: () => this.onMessagesLost(),
      onLapsed: () => {
        this.presence.publishAll()
        this.events.onLeaseLost()
      },
      onNodesDied: () => this.events.onOrphans(),
      warn,
    })
    this.replicas = new Replicas({
      coordinator,
      clock,
      node,
      lease: this.lease,
      keep: this,
      events: () => this.events,
      ready,
      warn,
    })
  }

  open(): Promise<void> {
    return (this.opening ??= this.begin())
  }

  private async begin(): Promise<void> {
    try {
      await this.coordinator.join(this.node, {
        onMessage: (message) => this.onMessage(message),
        onMessagesLost: () => {
          this.presence.publishAll() // a failover may have lost it
          this.onMessagesLost()
          this.events.onOrphans()
        },
        onReachable: (reachable) => this.events.onStoreReachable?.(reachable),
      })
      await this.lease.begin()
    } catch (error) {
      this.opening = undefined // the next call tries again
      throw error
    }
  }

  listen(events: ClusterEvents, retainMs = this.retainMs): void {
    if (!this.isRetentionGiven) this.retainMs = retainMs
    this.events = events
  }

  isAlive(node: string): boolean {
    return this.lease.isAlive(node)
  }

  owns(token: string): boolean {
    return this.replicas.owns(token)
  }

  async load(token: string): Promise<Stored | undefined> {
    await this.ready()
    return this.replicas.claim(token, defaultLimits.lockWaitMs, async () => {
      const stored = this.replicas.of(token).record?.saved
      // the caller must be able to trust the ownership; and a process that has just begun is not to be taken for dead
      if (!this.owns(token) || stored?.running.some(({ node }) => !this.lease.isAlive(node))) await this.lease.renew()
      return stored
    })
  }

  async read(token: string): Promise<Stored | undefined> {
    const { role, record } = this.replicas.of(token)
    if (role.as === 'follower' || this.owns(token)) return record?.saved
    await this.ready()
    return TokenRecord.of(await this.coordinator.read(token)).saved
  }

  save(token: string, next: Stored): Promise<void> {
    if (this.replicas.ownerOf(token) && !this.closed) return promised(() => this.write(token, next)) // the hot path: nothing before the write
    return this.ready().then(() => {
      if (this.replicas.ownerOf(token) || next.revision > 1) return this.write(token, next)
      return this.replicas.claim(token, undefined, async () => this.write(token, next)) // a new token: free unless another process has it
    })
  }

  /** Throws or rejects. */
  private write(token: string, next: Stored): Promise<void> {
    const { role, record: before = TokenRecord.empty } = this.replicas.of(token)
    if (role.as !== 'owner') throw ownershipLost()
    refuseStale(before.stored.revision, next.revision)
    const { record, writes } = before.to(next, { texts: this.lease.knowTexts })
    const nodes = this.lease.runNodeChanges(before.stored.running, next.running, role.runsPublished)
    const { node, retainMs } = this
    this.saves += 1
    const id = `${node.slice(0, 8)}.${this.saves}`
    const save = { id, token, node, fence: role.fence, revision: next.revision, writes, ...nodes, retainMs }
    return this.coordinator.save(save).then((saved) => {
      if (saved) return noteSaved(this.replicas.of(token), role, record)
      this.replicas.apply(token, { on: 'fenced', role })
      return this.lostSaves.onRefused(token, before)
    })
  }

  async drop(token: string): Promise<void> {
    await this.replicas.perform(token, { on: 'drop' })
  }

  async unload(token: string): Promise<void> {
    const isSaved = this.replicas.of(token).record?.saved !== undefined
    await (this.replicas.ownerOf(token) ? this.release(token, false) : this.unfollow(token))
    if (isSaved) await this.coordinator.touch([token], this.retainMs)
  }

  async release(token: string, follow: boolean): Promise<void> {
    await this.replicas.perform(token, { on: 'release', follow })
  }

  async follow(token: string): Promise<Stored | undefined> {
    await this.ready()
    return this.replicas.follow(token)
  }

  async unfollow(token: string): Promise<void> {
    await this.replicas.perform(token, { on: 'unfollow' })
  }

  setPresent(token: string, here: boolean): void {
    this.presence.publish(token, here)
  }

  ofBrowser(browser: string): Promise<readonly string[]> {
    return this.ready().then(() => this.coordinator.ofBrowser(browser))
  }

  broadcast(text: string): Promise<void> {
    return this.ready().then(() => this.coordinator.broadcast(this.node, text))
  }

  unattendedMs(token: string): Promise<number | undefined> {
    return this.ready().then(() => this.coordinator.unattendedMs(token, this.node, this.leaseMs))
  }

  /** The coordinator forgets unused tokens by itself. */
  async unused(inUse: Iterable<string>): Promise<readonly string[]> {
    await this.ready()
    await this.coordinator.touch([...inUse], this.retainMs)
    return []
  }

  orphans(): Promise<readonly string[]> {
    return this.ready().then(() => this.coordinator.orphans(this.node, processLimits.orphansAtOnce))
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.lease.close()
    this.replicas.applyToAll({ on: 'may-be-free' })
    if (this.opening) await this.leave()
    await this.coordinator.close()
  }

  private leave(): Promise<void> {
    let cancelTimer = () => {} // does not wait for ever: its lease lapses in any case
    const late = new Promise<void>((resolve) => {
      cancelTimer = this.clock.after(processLimits.storeTroubleMs, resolve)
    })
    return Promise.race([this.coordinator.leave(this.node).catch(() => {}), late]).finally(cancelTimer)
  }

  private ready(): Promise<void> {
    if (this.closed) return Promise.reject(new HeldStateError('hub-closed', 'The store is closed.'))
    return this.open()
  }

  private onMessage(message: Message): void {
    if (this.closed) return
    switch (message.type) {
      case 'handover-requested':
        return this.replicas.apply(message.token, { on: 'handover-requested' })
      case 'claim-again':
        return this.replicas.apply(message.token, { on: 'may-be-free' })
      case 'changed':
        return this.replicas.apply(message.token, { on: 'changed', ...message })
      case 'node-gone':
        this.lease.onNodeGone(message.node)
        this.replicas.applyToAll({ on: 'may-be-free', owner: message.node })
        return this.events.onOrphans()
      case 'last-page-left':
        return this.events.onLastPageLeft(message.token)
      case 'broadcast':
        return this.events.onBroadcast?.(message.text)
    }
  }

  /** Asks for what may have been missed, and sends again what may not have arrived. */
  private onMessagesLost(): void {
    this.replicas.applyToAll({ on: 'missed' })
    this.presence.publishUnpublished()
  }

  /** Not for a coordinator that is out of reach: that is logged once, where it is noticed. */
  private warn(message: string, error: unknown): void {
    const isLogged = isHeldStateError(error) && error.code === 'store-unreachable'
    if (!this.closed && !isLogged) this.log.warn(message, error)
  }
}
