/**
 * The tokens that this process owns, follows or claims: one replica each. Every event goes through `next`. This class acts on
 * the effects, and has the promises by which a caller waits for a claim or an answer.
 */
import type { Clock } from '../base/clock.js'
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import { ownedElsewhere, ownershipLost } from '../store/errors.js'
import type { ClusterEvents, Stored } from '../store/store.js'
import type { Coordinator } from './coordinator.js'
import type { Lease } from './lease.js'
import { type Effect, isBlank, next, noReplica, type Owner, type Replica, type ReplicaEvent } from './replica.js'

export interface ReplicasOptions {
  readonly coordinator: Pick<Coordinator, 'claim' | 'follow' | 'unfollow' | 'release' | 'drop'>
  readonly clock: Clock
  readonly node: string
  readonly lease: Pick<Lease, 'epoch' | 'isTrusted'>
  /** Milliseconds for which an unused token is kept. */
  readonly keep: { readonly retainMs: number }
  readonly events: () => Pick<ClusterEvents, 'onHandoverRequested' | 'onChanged'>
  /** Resolves when the coordinator can be asked. */
  ready(): Promise<void>
  warn(message: string, error: unknown): void
}

/** The part of a claim that a value cannot hold. */
interface Claiming {
  /** Resolves when the claim has settled; never rejects. */
  settled: Promise<unknown>
  /** Stops the wait of a claim in line. */
  wake(): void
}

export class Replicas {
  private readonly options: ReplicasOptions
  private readonly replicas = new Map<string, Replica>()
  private readonly claims = new Map<string, Claiming>()
  /** The number of the last claim. */
  private claimNumber = 0

  constructor(options: ReplicasOptions) {
    this.options = options
  }

  of(token: string): Replica {
    return this.replicas.get(token) ?? noReplica
  }

  /** The ownership under which a save is sent. Its lease may have lapsed since, which the fence detects. */
  ownerOf(token: string): Owner | undefined {
    const role = this.replicas.get(token)?.role
    return role?.as === 'owner' ? role : undefined
  }

  /** Whether this process still owns the token, as far as it can know without asking. */
  owns(token: string): boolean {
    return this.options.lease.isTrusted(this.ownerOf(token)?.epoch)
  }

  /**
   * Owns the token while `work` runs; a request to hand it over waits until then. If another process owns it, waits up to `waitMs`
   * milliseconds, then fails with `lock-timeout`. Without `waitMs` it fails with `stale-write` at once.
   */
  async claim<T>(token: string, waitMs: number | undefined, work: () => Promise<T>): Promise<T> {
    for (let other = this.claims.get(token); other; other = this.claims.get(token)) await other.settled
    const claiming: Claiming = { settled: nothing, wake: () => {} }
    this.claims.set(token, claiming)
    this.apply(token, { on: 'claim' })
    const working = this.untilOwned(token, waitMs, claiming).then(work)
    claiming.settled = working.catch(() => {})
    try {
      return await working
    } finally {
      this.claims.delete(token)
      const effects = this.step(token, { on: 'claim-ended' })
      for (const effect of effects) this.options.clock.turn(() => this.quietly(token, effect)) // the caller goes on first
    }
  }

  private async untilOwned(token: string, waitMs: number | undefined, claiming: Claiming): Promise<void> {
    const { coordinator, clock, node, lease, keep } = this.options
    const end = clock.now() + (waitMs ?? 0)
    for (;;) {
      const { record: before } = this.of(token)
      const epoch = lease.epoch
      this.claimNumber += 1
      const answer = await coordinator.claim(
        token,
        node,
        this.claimNumber,
        before?.stored.revision ?? -1,
        keep.retainMs,
      )
      if (answer.owned) this.apply(token, { on: 'claimed', ...answer, epoch, before })
      else {
        const leftMs = end - clock.now()
        if (leftMs <= 0) throw waitMs === undefined ? ownershipLost() : ownedElsewhere()
        const waits = this.step(token, { on: 'refused', ...answer }).find((effect) => effect.do === 'wait')
        if (waits) await this.wait(token, claiming, Math.min(leftMs, waits.ms + processLimits.leaseSlackMs))
      }
      if (this.of(token).claim?.at === 'granted') return
    }
  }

  private wait(token: string, claiming: Claiming, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = this.options.clock.after(ms, () => this.apply(token, { on: 'may-be-free' }))
      claiming.wake = () => {
        cancelTimer()
        resolve()
      }
    })
  }

  /** Follows the token. Resolves with what is saved of it. */
  async follow(token: string): Promise<Stored | undefined> {
    for (;;) {
      if (this.owns(token)) return this.of(token).record?.saved
      this.apply(token, { on: 'follow' })
      const { role, record: before } = this.of(token)
      const { saved, owns } = await this.ask(token).catch((error) => {
        this.apply(token, { on: 'follow-failed' })
        throw error
      })
      const effects = this.step(token, { on: 'followed', saved, owns, role, before })
      for (const effect of effects) await this.act(token, effect)
      if (!effects.some((effect) => effect.do === 'follow-again')) return this.of(token).record?.saved
    }
  }

  private ask(token: string) {
    const { coordinator, node, keep } = this.options
    return coordinator.follow(token, node, this.of(token).record?.stored.revision ?? -1, keep.retainMs)
  }

  /** Takes in an event. If the coordinator cannot be asked for what follows, that is logged. */
  apply(token: string, event: ReplicaEvent): void {
    for (const effect of this.step(token, event)) this.quietly(token, effect)
  }

  /** Takes in an event for each token. */
  applyToAll(event: ReplicaEvent): void {
    for (const token of [...this.replicas.keys()]) this.apply(token, event)
  }

  /** Takes in an event. Resolves when the coordinator has done what follows. */
  async perform(token: string, event: ReplicaEvent): Promise<void> {
    const effects = this.step(token, event)
    await this.options.ready()
    for (const effect of effects) await this.act(token, effect)
  }

  private step(token: string, event: ReplicaEvent): readonly Effect[] {
    const [replica, ...effects] = next(this.of(token), event)
    if (isBlank(replica)) this.replicas.delete(token)
    else this.replicas.set(token, replica)
    return effects
  }

  private quietly(token: string, effect: Effect): void {
    this.act(token, effect)?.catch((error) =>
      this.options.warn(`${failed[effect.do] ?? 'Failed to reach the other processes'} ${inTab(token)}.`, error),
    )
  }

  private act(token: string, effect: Effect): Promise<unknown> | undefined {
    const { coordinator, node, events } = this.options
    switch (effect.do) {
      case 'tell-changed':
        events().onChanged(token, effect.stored)
        return
      case 'request-handover':
        events().onHandoverRequested(token)
        return
      case 'wake-claim':
        this.claims.get(token)?.wake()
        return
      case 'await-claim':
        return this.claims.get(token)?.settled
      case 'catch-up':
        return this.ask(token).then((answer) => this.apply(token, { on: 'caught-up', ...answer }))
      case 'release':
        return coordinator.release(token, node, effect.follow, this.claimNumber)
      case 'unfollow':
        return coordinator.unfollow(token, node)
      case 'drop':
        return coordinator.drop(token, node, effect.fence)
      case 'wait':
      case 'follow-again':
        return // instructions for `claim` and `follow`
    }
  }
}

const failed: { readonly [K in Effect['do']]?: string } = {
  'catch-up': 'Failed to read what another process has saved',
  release: 'Failed to give a tab to another process',
  unfollow: 'Failed to end the updates from another process',
  drop: 'Failed to drop a tab from the shared store',
}

const nothing = Promise.resolve()
