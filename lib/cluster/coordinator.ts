/**
 * The ledger port: what nodes share. A node is a process with a random id; it lives while its lease is renewed, by the
 * ledger's own clock. A token is held by one node, under a fence that rises with each change of holder; who is not the
 * holder with the newest fence can write nothing. Each operation is atomic. Messages to a node may be late or lost, and
 * nothing but time is lost with them.
 */
import type { Kept, Known, Writes } from '../store/record.js'

export type Claim =
  | {
      readonly held: true
      readonly fence: number
      /** Others wait for it. */
      readonly wanted: boolean
      readonly known: Known
    }
  | {
      readonly held: false
      readonly holder: string
      /** Milliseconds until the lease of the holder ends, unless it is renewed. */
      readonly leaseMs: number
    }

export interface Save {
  /** Tells it from any other save, should it be sent again. */
  readonly id: string
  readonly token: string
  readonly node: string
  readonly fence: number
  readonly revision: number
  readonly writes: Writes
  /** Nodes that run tasks of the token from now on, and those that do no more. */
  readonly began: readonly string[]
  readonly ended: readonly string[]
  /** Milliseconds after which it may be forgotten. */
  readonly keepMs: number
}

/** What a node is told. */
export type Message =
  /** Another node waits for a token that this one holds. */
  | { readonly type: 'wanted'; readonly token: string }
  /** The node holds a token that it waited for. */
  | { readonly type: 'granted'; readonly token: string }
  | { readonly type: 'changed'; readonly token: string; readonly revision: number; readonly writes: Writes }
  /** The last page of a token has gone, from another node. */
  | { readonly type: 'alone'; readonly token: string }
  /** Another node tells all others something. */
  | { readonly type: 'word'; readonly word: string }
  /** A node has ended. */
  | { readonly type: 'gone'; readonly node: string }

export interface Listener {
  told(message: Message): void
  /** Messages may have been lost. */
  missed(): void
  /** The ledger is out of reach, for a while already, or is back. */
  trouble?(reachable: boolean): void
}

export interface Ledger {
  /** Messages to `node` reach the listener from now on. */
  join(node: string, listener: Listener): Promise<void>
  /**
   * The node lives for `leaseMs` from now on, and without a connection for `trustMs`. Gives the nodes that live, and whether
   * it was taken for dead.
   */
  beat(
    node: string,
    leaseMs: number,
    trustMs: number,
  ): Promise<{ readonly alive: readonly string[]; readonly lapsed: boolean }>
  /** The node has ended: what it holds is free, and others are told. */
  leave(node: string): Promise<void>
  /**
   * Holds a token if it is free, held by this node already, or by one that is dead; the first in line comes first. Otherwise
   * the node stands in line and the holder is told. `have` is the revision that the caller has; -1 for none.
   */
  claim(token: string, node: string, have: number, keepMs: number): Promise<Claim>
  /** Writes under the fence; whether it was. The same save sent again succeeds again. */
  save(save: Save): Promise<boolean>
  /** Gives a token that the node holds to the first in line, if there is one. With `follow`, the node is told of changes. */
  release(token: string, node: string, follow: boolean): Promise<void>
  /** The node is told of changes from now on, unless it is the holder. */
  follow(
    token: string,
    node: string,
    have: number,
    keepMs: number,
  ): Promise<{ readonly known: Known; readonly holds: boolean }>
  unfollow(token: string, node: string): Promise<void>
  /**
   * Pages of the token are at the node from now on, or no more. When they were the last ones at any node that lives, who
   * holds the token or follows it is told.
   */
  attend(token: string, node: string, here: boolean, keepMs: number): Promise<void>
  /**
   * Milliseconds for which the token has had no page at any other node; `undefined` while another that lives has one. Where
   * pages have gone with their node, the time begins when somebody asks.
   */
  aloneMs(token: string, node: string): Promise<number | undefined>
  /** Whether the token has a page at any node, also at one that has died and could not say that it has gone. */
  attended(token: string): Promise<boolean>
  read(token: string): Promise<Kept | undefined>
  /** Tokens that were saved with this text as `browser`. */
  ofBrowser(browser: string): Promise<readonly string[]>
  /** Tells each other node that lives. */
  tellOthers(node: string, word: string): Promise<void>
  /** Forgets a token that the node holds under this fence, and that nobody follows. */
  drop(token: string, node: string, fence: number): Promise<void>
  /** They are in use: they are kept for `keepMs` from now on. */
  touch(tokens: readonly string[], keepMs: number): Promise<void>
  /** Some tokens with tasks of nodes that are dead. They count as the caller's from now on. */
  orphans(node: string, most: number): Promise<readonly string[]>
  close(): Promise<void>
}
