/**
 * Tokens that other nodes hold and this one is told of. Each change is applied in its turn; where one is missing, the ledger
 * is asked.
 */

import { TokenRecord } from '../store/record.js'
import type { Stored } from '../store/store.js'
import type { Ledger, Message } from './coordinator.js'

export interface FollowingParts {
  readonly ledger: Pick<Ledger, 'follow'>
  readonly node: string
  /** Milliseconds that a token is kept which nobody uses. */
  readonly keep: { readonly keepMs: number }
  /** What this node knows of tokens. */
  readonly records: Map<string, TokenRecord>
  /** It is known anew what is kept of a token. */
  changed(token: string, stored: Stored | undefined): void
  quietly(work: Promise<void>): void
}

export class Following {
  private readonly parts: FollowingParts
  private readonly tokens = new Set<string>()
  /** Tokens that the ledger is asked for, and the newest revision that this node was told of meanwhile. */
  private readonly asked = new Map<string, { times: number; newest: number }>()

  constructor(parts: FollowingParts) {
    this.parts = parts
  }

  has(token: string): boolean {
    return this.tokens.has(token)
  }

  /** What is known of it is that of now; this node is told what comes next. */
  begin(token: string): void {
    this.tokens.add(token)
  }

  end(token: string): void {
    this.tokens.delete(token)
  }

  /** Asks for a token, to be told of changes from now on. `newest` was told of before the answer came. */
  async ask(token: string, before: TokenRecord | undefined) {
    const { ledger, node, keep } = this.parts
    const asking = this.asked.get(token) ?? { times: 0, newest: 0 }
    asking.times += 1
    this.asked.set(token, asking)
    try {
      const answer = await ledger.follow(token, node, before?.stored.revision ?? -1, keep.keepMs)
      return { ...answer, newest: asking.newest }
    } finally {
      asking.times -= 1
      if (asking.times === 0) this.asked.delete(token)
    }
  }

  /** Of a change; false if it is of a token that is not followed. */
  told({ token, revision, writes }: Message & { type: 'changed' }): boolean {
    const { records, changed, quietly } = this.parts
    const record = records.get(token)
    const asking = this.asked.get(token)
    if (asking) asking.newest = Math.max(asking.newest, revision)
    if (!this.tokens.has(token) || !record) return asking !== undefined
    if (revision <= record.stored.revision) return true
    if (revision === record.stored.revision + 1) {
      const next = record.with(revision, writes)
      records.set(token, next)
      changed(token, next.stored)
    } else quietly(this.catchUp(token))
    return true
  }

  /** Asks for what this node may not have been told. */
  repair(): void {
    for (const token of this.tokens) this.parts.quietly(this.catchUp(token))
  }

  private async catchUp(token: string): Promise<void> {
    const { ledger, node, keep, records, changed } = this.parts
    const record = records.get(token)
    const { known, holds } = await ledger.follow(token, node, record?.stored.revision ?? -1, keep.keepMs)
    if (holds || known === 'same' || !this.tokens.has(token)) return
    const now = records.get(token)
    if (known && now && known.revision <= now.stored.revision) return
    const next = TokenRecord.of(known, record)
    records.set(token, next)
    changed(token, next.known)
  }
}
