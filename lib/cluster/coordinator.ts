/**
 * The coordinator port: what the processes of an app share. A node is a process with a random id. It is alive while its lease
 * is renewed, by the coordinator's clock. One node owns a token, under a fence that rises with each change of owner; a save
 * with an older fence is refused. Each operation is atomic. Messages to a node may be late or lost, which costs time only.
 * Each implementation passes `coordinator-suite.fixture.ts`.
 */
import type { SavedOrSame, SavedTexts, Writes } from '../store/record.js'

/** What the coordinator answers to a claim. */
export type ClaimAnswer =
  | {
      readonly owned: true
      readonly fence: number
      /** Another node waits for the token. */
      readonly handoverRequested: boolean
      readonly saved: SavedOrSame
    }
  | {
      readonly owned: false
      readonly owner: string
      /** Milliseconds until the lease of the owner lapses, unless it is renewed. */
      readonly leaseMs: number
    }

export interface Save {
  /** Unique, so that a save which is sent twice is recognised. */
  readonly id: string
  readonly token: string
  readonly node: string
  readonly fence: number
  readonly revision: number
  readonly writes: Writes
  /** Nodes that run tasks of the token from now on, and nodes that no longer do. */
  readonly startedNodes: readonly string[]
  readonly endedNodes: readonly string[]
  /** Milliseconds after which the token may be forgotten. */
  readonly retainMs: number
}

/** A message to a node. */
export type Message =
  /** Another node waits for a token that this node owns. */
  | { readonly type: 'handover-requested'; readonly token: string }
  /** The node waits for the token and must claim it again: the token was handed to this node, or is free. */
  | { readonly type: 'claim-again'; readonly token: string }
  | { readonly type: 'changed'; readonly token: string; readonly revision: number; readonly writes: Writes }
  /** The last page of a token has gone, from another node. */
  | { readonly type: 'last-page-left'; readonly token: string }
  /** A text that another node has sent to all. */
  | { readonly type: 'broadcast'; readonly text: string }
  /** A node has died or has left. */
  | { readonly type: 'node-gone'; readonly node: string }

export interface CoordinatorListener {
  onMessage(message: Message): void
  /** Messages may have been lost. */
  onMessagesLost(): void
  /** The coordinator has been out of reach for a while (`false`), or is back. */
  onReachable?(reachable: boolean): void
}

export interface Coordinator {
  /** Sends messages for `node` to the listener from now on. */
  join(node: string, listener: CoordinatorListener): Promise<void>
  /**
   * Keeps the node alive for `leaseMs` milliseconds, or for `trustMs` if it loses its connection. Resolves with the nodes that
   * are alive, and whether this one had been taken for dead.
   */
  heartbeat(
    node: string,
    leaseMs: number,
    trustMs: number,
  ): Promise<{ readonly alive: readonly string[]; readonly lapsed: boolean }>
  /** The node leaves: its tokens are free, and the other nodes hear of it. */
  leave(node: string): Promise<void>
  /**
   * Makes the node the owner if the token is free, its own already, or owned by a dead node, and no node waits in line before
   * it. Otherwise the node is put in line, and the owner hears of it; when it is the turn of the node, it is sent `claim-again`.
   * `number` counts the claims of the node: a claim that arrives twice changes nothing. `have` is the revision that the caller has; -1
   * for none.
   */
  claim(token: string, node: string, number: number, have: number, retainMs: number): Promise<ClaimAnswer>
  /** Writes under the fence. Resolves with whether it was written; a save that is sent twice succeeds twice. */
  save(save: Save): Promise<boolean>
  /**
   * Hands a token that the node owns to the first in line, or frees it; unless the node has claimed it again since, with a number
   * above `number`. With `follow`, the node is sent changes from now on.
   */
  release(token: string, node: string, follow: boolean, number: number): Promise<void>
  /** Sends the node each change from now on, unless it owns the token. */
  follow(
    token: string,
    node: string,
    have: number,
    retainMs: number,
  ): Promise<{ readonly saved: SavedOrSame; readonly owns: boolean }>
  unfollow(token: string, node: string): Promise<void>
  /**
   * Records whether the node has connected pages of the token. When no node that is alive has any, the owner and the followers
   * hear of it.
   */
  setPresent(token: string, node: string, here: boolean, retainMs: number): Promise<void>
  /**
   * Milliseconds for which no other node has had a page of the token; `undefined` while one that is alive has. Pages that were
   * lost, with their node or in a failover, count as gone `disconnectRecheckMs` milliseconds after the first question: until then the answer
   * is negative, and a node that was taken for dead can publish its pages again.
   */
  unattendedMs(token: string, node: string, disconnectRecheckMs: number): Promise<number | undefined>
  /** Whether any node has a page of the token. Counts a node that has died with its pages. */
  isAttended(token: string): Promise<boolean>
  read(token: string): Promise<SavedTexts | undefined>
  /** Tokens that were saved with this text as `browser`. */
  ofBrowser(browser: string): Promise<readonly string[]>
  /** Sends a text to each other node that is alive. */
  broadcast(node: string, text: string): Promise<void>
  /** Forgets a token that the node owns under this fence, unless another node follows it or has pages of it. */
  drop(token: string, node: string, fence: number): Promise<void>
  /** Keeps tokens that are in use for `retainMs` milliseconds from now on. */
  touch(tokens: readonly string[], retainMs: number): Promise<void>
  /** Up to `most` tokens with tasks of dead nodes, which the caller adopts: each is given to one node. */
  orphans(node: string, most: number): Promise<readonly string[]>
  close(): Promise<void>
}
