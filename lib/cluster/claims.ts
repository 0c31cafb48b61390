/**
 * How a node comes to hold a token: it asks for it until it does, in its turn among those that wait. Others that want it
 * meanwhile are heard once it is held, so that nobody holds it for nothing.
 */
import type { Clock } from '../base/clock.js'
import { defaultLimits } from '../base/limits.js'
import { fixedLimits } from '../base/server-limits.js'
import { heldElsewhere } from '../store/errors.js'
import { TokenRecord } from '../store/record.js'
import type { Stored } from '../store/store.js'
import type { Claim, Ledger } from './coordinator.js'
import { Turns } from './turns.js'

/** A token that a node holds. */
export interface Held {
  readonly fence: number
  /** Of the lease under which it was claimed: one that has ended says nothing of it. */
  readonly lease: number
  /** A save has said who runs its tasks: while others took this node for dead, they counted as theirs. */
  said: boolean
}

/** A token that a node is about to hold. */
interface Claiming {
  wanted: boolean
  /** It was said to be free before the answer came that it is not. */
  woken: boolean
  ended: Promise<unknown>
}

export interface ClaimsParts {
  readonly ledger: Pick<Ledger, 'claim'>
  readonly clock: Clock
  readonly node: string
  readonly keep: { readonly keepMs: number }
  /** What this node knows of tokens. */
  readonly records: ReadonlyMap<string, TokenRecord>
  /** Counts the leases of this node. */
  lease(): number
  hold(token: string, held: Held, record: TokenRecord): void
  /** Others wait for a token that is held now. */
  wanted(token: string): void
}

export class Claims {
  private readonly parts: ClaimsParts
  private readonly turns: Turns
  /** Tokens that this node is about to hold, and whether it was told meanwhile that others wait for them. */
  private readonly claiming = new Map<string, Claiming>()

  constructor(parts: ClaimsParts) {
    this.parts = parts
    this.turns = new Turns(parts.clock)
  }

  has(token: string): boolean {
    return this.claiming.has(token)
  }

  /** Holds the token while it does `work`, and before others that have asked for it get it. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    const { clock, wanted } = this.parts
    const claiming: Claiming = { wanted: false, woken: false, ended: nothing }
    this.claiming.set(token, claiming)
    try {
      const working = work()
      claiming.ended = working.catch(() => {})
      return await working
    } finally {
      this.claiming.delete(token)
      if (claiming.wanted) clock.turn(() => wanted(token))
    }
  }

  /** Done when this node is about to hold the token no more: it does, or has given up. */
  ended(token: string): Promise<unknown> | undefined {
    return this.claiming.get(token)?.ended
  }

  /** Asks for the token until this node holds it. */
  async untilHeld(token: string): Promise<Stored | undefined> {
    const { clock, records } = this.parts
    const end = clock.now() + defaultLimits.lockWaitMs
    for (;;) {
      const record = records.get(token)
      const lease = this.parts.lease()
      const claim = await this.ask(token, record?.stored.revision ?? -1)
      if (claim.held) {
        const kept = TokenRecord.of(claim.known, record)
        const now = records.get(token)
        if (now && now !== record && now.stored.revision > kept.stored.revision) continue // this was late: it is another's again
        this.parts.hold(token, { fence: claim.fence, lease, said: false }, kept)
        return kept.known
      }
      const left = end - clock.now()
      if (left <= 0) throw heldElsewhere()
      if (this.claiming.get(token)?.woken) continue
      await this.turns.wait(token, claim.holder, Math.min(left, claim.leaseMs + fixedLimits.leaseSlackMs))
    }
  }

  /** Asks once, for a token that is kept nowhere yet; whether this node holds it. */
  async once(token: string): Promise<boolean> {
    const lease = this.parts.lease()
    const claim = await this.ask(token, -1)
    if (claim.held) this.parts.hold(token, { fence: claim.fence, lease, said: false }, TokenRecord.of(claim.known))
    return claim.held
  }

  private async ask(token: string, have: number): Promise<Claim> {
    const { ledger, node, keep } = this.parts
    const claiming = this.claiming.get(token)
    if (claiming) {
      claiming.wanted = false
      claiming.woken = false
    }
    const claim = await ledger.claim(token, node, have, keep.keepMs)
    if (claiming && claim.held) claiming.wanted ||= claim.wanted
    return claim
  }

  /** Another node waits for the token: whether this one is about to hold it, and gives it up then. */
  noteWanted(token: string): boolean {
    const claiming = this.claiming.get(token)
    if (claiming) claiming.wanted = true
    return claiming !== undefined
  }

  /** The token may be free. */
  wake(token: string): void {
    const claiming = this.claiming.get(token)
    if (claiming) claiming.woken = true
    this.turns.wake(token)
  }

  /** All may be, or those that a node held. */
  wakeAll(holder?: string): void {
    for (const claiming of this.claiming.values()) claiming.woken = true
    this.turns.wakeAll(holder)
  }
}

const nothing = Promise.resolve()
