/**
 * The store port: where committed state lives. A store keeps, for each token, one state and the revision it has. Every
 * implementation passes the suite in `store/suite`. Stored values are immutable: neither side changes them afterwards.
 *
 * A store for several processes does not implement `Shared` itself: it implements the port in `cluster/coordinator`, and `sharedStore` of
 * `cluster/shared-store` makes a `StateStore` of it.
 */

import type { Json } from '../base/encode.js'
import type { Failure } from '../base/errors.js'
import type { Shape } from '../state/shape.js'

/** The fields of one state, by name. */
export type Fields = Readonly<Record<string, unknown>>

/** All states of one token, by definition id. */
export type State = Readonly<Record<string, Fields>>

/**
 * Which calls of one page have ended. Calls run in order, so every call up to `done` has ended. `ends` has the calls among them
 * that failed, and calls that have ended out of order.
 */
export interface PageCalls {
  /** The random id of a page, new with each load of it. */
  readonly page: string
  readonly done: number
  readonly ends: readonly CallEnd[]
  /** Failures of calls up to this one are no longer stored. */
  readonly forgotten: number
  /** The revision of the state after the last of these calls, or one before that; left out in records of versions before 0.2. */
  readonly revision?: number | undefined
  /** What calls have replied, until their page has heard it; left out where there is nothing. In the order of the calls. */
  readonly replies?: readonly CallReply[] | undefined
}

export interface CallReply {
  readonly id: number
  readonly reply: Json
}

export interface CallEnd {
  readonly id: number
  /** If given, all calls from this one up to `id` have ended like this. */
  readonly first?: number
  readonly failure?: Failure | undefined
}

/** Names a background task of a definition. */
export interface TaskName {
  readonly definition: string
  readonly task: string
}

/** A run of a background task that had not ended. */
export interface RunningTask extends TaskName {
  /** The random id of the run. It stays the same when the run continues in another process. */
  readonly run: string
  /** The random id of the process that runs it. */
  readonly node: string
  /** Counts from 1. Each retry after a failure or a lost process is the next attempt. */
  readonly attempt: number
  /** Only of a durable task: what a retry needs. */
  readonly durable?: DurableRun | undefined
  readonly progress?: number | null | undefined
  readonly note?: string | null | undefined
  /** Only of a task that equal starts join: a digest of its arguments. */
  readonly same?: string | undefined
  /** It has not begun: it waits for the runs of its task, and for those that wait with a lower number. */
  readonly waits?: number | undefined
  /** When it began for the first time, in milliseconds since the epoch; left out while it waits. */
  readonly started?: number | undefined
  /** The id of the run that has started it, if it is cancelled with that one. */
  readonly parent?: string | undefined
  /** A trigger that joins a run of the task. It is removed once that run has read the state again. */
  readonly joins?: boolean | undefined
}

export interface DurableRun {
  /** As received. The schema validates them again in the process that continues the run. */
  readonly args: readonly unknown[]
  /** Processes in a row that died while running it and had saved nothing of it. */
  readonly lost: number
  /** Attempts that failed. */
  readonly failed: number
  /** Milliseconds since the epoch; no retry before. */
  readonly notBefore?: number | undefined
}

/** How the last run of a task ended. */
export interface TaskEnd extends TaskName {
  readonly outcome: 'done' | 'failed' | 'cancelled'
  readonly failure?: Failure | undefined
}

/** How one run of a task has ended. */
export interface RunEnd extends TaskEnd {
  /** The id of the run. */
  readonly run: string
  /** Rises from one end of the token to the next. */
  readonly order: number
  /** What it replied, encoded. Only of one that is done. */
  readonly result?: Json | undefined
}

export interface Stored {
  /** Rises by one with each save. A token that was never saved counts as revision 0. */
  readonly revision: number
  readonly state: State
  /** Which calls are part of this state. Saved with it, so that a retried call has no second effect. */
  readonly calls: readonly PageCalls[]
  /** Runs that had not ended at this save. */
  readonly running: readonly RunningTask[]
  /** How tasks ended that ran before. */
  readonly ended: readonly TaskEnd[]
  /** How the last runs ended, by `order`; left out where there is nothing. */
  readonly runEnds?: readonly RunEnd[] | undefined
  /** The shape of each state at this save, by definition id. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** A hash of the browser that used the token last. No cookie enters a store. */
  readonly browser?: string | undefined
  /** A random text of its first save: a state that was lost and began again has another one. */
  readonly birth?: string | undefined
  /** The app has ended the state, as for a logout: nothing of it is left, and its pages begin with new tokens. */
  readonly forgotten?: boolean | undefined
}

/**
 * The handle of one process on a store that other processes may share. The process that has loaded a token last owns it: a process
 * that was frozen, or that drains while the next one serves, can no longer save a token that another one has loaded.
 */
export interface StateStore {
  /** Opens the store, so that a mistake shows when a server starts. Called once, before anything else. */
  open?(): Promise<void>
  /**
   * Resolves with what is saved of a token, which this handle owns from now on. A store that processes share first waits for the
   * owner.
   */
  load(token: string): Promise<Stored | undefined> | Stored | undefined
  /** The saved record of a token, whichever process owns it. */
  read(token: string): Promise<Stored | undefined> | Stored | undefined
  /**
   * Saves `next` if this handle owns the token and its revision is still `next.revision - 1`. Resolves when a later `load` is sure to
   * see it. Otherwise nothing is saved, and it fails with `stale-write`. The first save of a new token makes its handle the owner.
   */
  save(token: string, next: Stored): Promise<void> | void
  /** Forgets the token, unless another handle has loaded it since. Does nothing for an unknown one. */
  drop(token: string): Promise<void> | void
  /**
   * The hub no longer uses the token, so this handle can free its memory. The state stays saved for at least `retainMs` milliseconds, and
   * is loaded again when it is needed.
   */
  unload?(token: string, retainMs: number): Promise<void> | void
  /**
   * For a store that outlives its process: some tokens that are not `inUse`, and that were neither first saved nor named here for
   * `retainMs` milliseconds. The hub asks now and then, and drops them. A store that forgets by itself leaves this out.
   */
  unused?(inUse: Iterable<string>, retainMs: number): Promise<readonly string[]>
  /** Tokens with runs of processes that have ended, which the hub adopts. A shared store gives some of them at a time. */
  orphans?(): Promise<readonly string[]>
  /** Tokens that the browser with this hash used last. Without it, the hub finds only tokens that are open or loaded. */
  ofBrowser?(browser: string): Promise<readonly string[]> | readonly string[]
  /** For a store that several processes use at the same time. */
  readonly shared?: Shared
  /** Bytes stored, if that is known without waiting. */
  bytes?(): number
  /** The store is in the memory of this process, so unloading a state frees nothing. */
  readonly inMemory?: boolean
  /** Closes the store. Acknowledged saves stay. */
  close(): Promise<void> | void
}

/** The further operations of a store that several processes use at the same time. Each process is a node. */
export interface Shared {
  /** The random id of this process. */
  readonly node: string
  /** Whether a process counts as alive. */
  isAlive(node: string): boolean
  /** Milliseconds after its last heartbeat before a process is declared dead. */
  readonly leaseMs: number
  /** Milliseconds for which it keeps an unused token. They count, and not those of the hub. */
  readonly retainMs: number
  /** Called once, before anything else. `retainMs` are those of the hub, for a store that was given none. */
  listen(events: ClusterEvents, retainMs?: number): void
  /** Whether this process still owns the token, as far as it can know without asking. */
  owns(token: string): boolean
  /** Hands the token to the process that has waited longest. With `follow`, this process is sent changes from now on. */
  release(token: string, follow: boolean): Promise<void>
  /** Resolves with what is saved of a token that this process does not own, and sends it changes from now on. */
  follow(token: string): Promise<Stored | undefined>
  /** Sends this process no further changes of the token. */
  unfollow(token: string): Promise<void>
  /** Publishes whether this process has connected pages of a token. */
  setPresent(token: string, here: boolean): void
  /** Sends a text to every other process. One that starts or ends at that moment may miss it. */
  broadcast(text: string): Promise<void>
  /**
   * Milliseconds for which no other process has had a page of the token; `undefined` while one has. Negative while pages that were
   * lost with their process have time to come back.
   */
  unattendedMs(token: string): Promise<number | undefined>
  /** Whether a process has pages of a token, or had them when it died: those pages come back to another process. */
  isAttended(token: string): Promise<boolean>
}

/** The events of a shared store, which it calls in its process. */
export interface ClusterEvents {
  /** Another process waits for a token that this process owns. */
  onHandoverRequested(token: string): void
  /** Another process has changed a token that this process follows. */
  onChanged(token: string, stored: Stored | undefined): void
  /** The last page of a token has gone, from another process. This process owns or follows the token. */
  onLastPageLeft(token: string): void
  /** This process was taken for dead for a while: other processes may own its tokens now. */
  onLeaseLost(): void
  /** A process has ended, or the connection is back: there may be tasks without a process. */
  onOrphans(): void
  /** A text that another process has sent to all. */
  onBroadcast?(text: string): void
  /** The store has been out of reach for a while (`false`), so loads and saves wait; or it is back. */
  onStoreReachable?(reachable: boolean): void
}

/** Until the hub listens. */
export const noEvents: ClusterEvents = {
  onHandoverRequested: () => {},
  onChanged: () => {},
  onLastPageLeft: () => {},
  onOrphans: () => {},
  onLeaseLost: () => {},
}
