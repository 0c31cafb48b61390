/**
 * The tokens that this process owns, follows or asks for: one replica each. Every event goes through `next`; this acts on the
 * effects, and lets the hub wait for a claim or an answer.
 */
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/server-limits.js'
import { heldElsewhere, taken } from '../store/errors.js'
import type { Ears, Stored } from '../store/store.js'
import type { Ledger } from './coordinator.js'
import type { Lease } from './lease.js'
import { type Effect, isBlank, next, noReplica, type Owner, type Replica, type ReplicaEvent } from './replica.js'

export interface ReplicasParts {
  readonly ledger: Pick<Ledger, 'claim' | 'follow' | 'unfollow' | 'release' | 'drop'>
  readonly clock: Clock
  readonly node: string
  readonly lease: Pick<Lease, 'number' | 'covers'>
  /** Milliseconds that a token is kept which nobody uses. */
  readonly keep: { readonly keepMs: number }
  readonly ears: () => Pick<Ears, 'wanted' | 'changed'>
  /** Resolves when the ledger can be asked. */
  ready(): Promise<void>
  complain(message: string, error: unknown): void
}

/** What a claim waits for, which no value can say. */
interface Claiming {
  /** Resolves when it has ended; never rejects. */
  ended: Promise<unknown>
  /** Ends the wait of a claim in line. */
  wake(): void
}

export class Replicas {
  private readonly parts: ReplicasParts
  private readonly replicas = new Map<string, Replica>()
  private readonly claims = new Map<string, Claiming>()

  constructor(parts: ReplicasParts) {
    this.parts = parts
  }

  of(token: string): Replica {
    return this.replicas.get(token) ?? noReplica
  }

  /** Whether a save would be sent as the owner's. Its lease may have lapsed meanwhile, which the fence finds out. */
  ownerOf(token: string): Owner | undefined {
    const role = this.replicas.get(token)?.role
    return role?.as === 'owner' ? role : undefined
  }

  /** Whether this process owns the token still, as far as it can know without asking. */
  holds(token: string): boolean {
    return this.parts.lease.covers(this.ownerOf(token)?.epoch)
  }

  /**
   * Owns the token while `work` runs, and before another process gets it that asks meanwhile. Waits up to `waitMs` milliseconds
   * for its owner, and fails with `lock-timeout`; without them, it fails with `stale-write` at once.
   */
  async claim<T>(token: string, waitMs: number | undefined, work: () => Promise<T>): Promise<T> {
    for (let other = this.claims.get(token); other; other = this.claims.get(token)) await other.ended
    const claiming: Claiming = { ended: nothing, wake: () => {} }
    this.claims.set(token, claiming)
    this.apply(token, { on: 'claim' })
    const working = this.untilOwned(token, waitMs, claiming).then(work)
    claiming.ended = working.catch(() => {})
    try {
      return await working
    } finally {
      this.claims.delete(token)
      const effects = this.step(token, { on: 'claim-ended' })
      for (const effect of effects) this.parts.clock.turn(() => this.quietly(token, effect)) // the caller goes on first
    }
  }

  private async untilOwned(token: string, waitMs: number | undefined, claiming: Claiming): Promise<void> {
    const { ledger, clock, node, lease, keep } = this.parts
    const end = clock.now() + (waitMs ?? 0)
    for (;;) {
      const { record: before } = this.of(token)
      const epoch = lease.number
      const answer = await ledger.claim(token, node, before?.stored.revision ?? -1, keep.keepMs)
      if (answer.held) this.apply(token, { on: 'claimed', ...answer, epoch, before })
      else {
        const leftMs = end - clock.now()
        if (leftMs <= 0) throw waitMs === undefined ? taken() : heldElsewhere()
        const waits = this.step(token, { on: 'refused', ...answer }).find((effect) => effect.do === 'wait')
        if (waits) await this.wait(token, claiming, Math.min(leftMs, waits.ms + fixedLimits.leaseSlackMs))
      }
      if (this.of(token).claim?.at === 'granted') return
    }
  }

  private wait(token: string, claiming: Claiming, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = this.parts.clock.after(ms, () => this.apply(token, { on: 'may-be-free' }))
      claiming.wake = () => {
        cancelTimer()
        resolve()
      }
    })
  }

  /** Follows the token; resolves with what is kept of it. */
  async follow(token: string): Promise<Stored | undefined> {
    for (;;) {
      if (this.holds(token)) return this.of(token).record?.known
      this.apply(token, { on: 'follow' })
      const { role, record: before } = this.of(token)
      const { known, holds } = await this.ask(token).catch((error) => {
        this.apply(token, { on: 'follow-failed' })
        throw error
      })
      const effects = this.step(token, { on: 'followed', known, owns: holds, role, before })
      for (const effect of effects) await this.act(token, effect)
      if (!effects.some((effect) => effect.do === 'follow-again')) return this.of(token).record?.known
    }
  }

  private ask(token: string) {
    const { ledger, node, keep } = this.parts
    return ledger.follow(token, node, this.of(token).record?.stored.revision ?? -1, keep.keepMs)
  }

  /** Takes in an event for which nobody waits. What it asks of the ledger is complained of if it fails. */
  apply(token: string, event: ReplicaEvent): void {
    for (const effect of this.step(token, event)) this.quietly(token, effect)
  }

  /** The same for all tokens. */
  applyToAll(event: ReplicaEvent): void {
    for (const token of [...this.replicas.keys()]) this.apply(token, event)
  }

  /** Takes in an event, and resolves when the ledger has done what follows. */
  async perform(token: string, event: ReplicaEvent): Promise<void> {
    const effects = this.step(token, event)
    await this.parts.ready()
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
      this.parts.complain('Other processes could not be asked for a change; they are asked again.', error),
    )
  }

  private act(token: string, effect: Effect): Promise<unknown> | undefined {
    const { ledger, node, ears } = this.parts
    switch (effect.do) {
      case 'tell-changed':
        ears().changed(token, effect.stored)
        return
      case 'request-handover':
        ears().wanted(token)
        return
      case 'ask-to-own':
        this.claims.get(token)?.wake()
        return
      case 'await-claim':
        return this.claims.get(token)?.ended
      case 'catch-up':
        return this.ask(token).then(({ known, holds }) => this.apply(token, { on: 'caught-up', known, owns: holds }))
      case 'release':
        return ledger.release(token, node, effect.follow)
      case 'unfollow':
        return ledger.unfollow(token, node)
      case 'drop':
        return ledger.drop(token, node, effect.fence)
      case 'wait':
      case 'follow-again':
        return // by who claims or follows
    }
  }
}

const nothing = Promise.resolve()
