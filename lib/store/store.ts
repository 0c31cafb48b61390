/**
 * The store port: where committed state lives. A store keeps, for each token, one state and the revision it has. Every
 * implementation passes the suite in `store/suite`. Stored values are immutable: neither side changes them afterwards.
 */

import type { Failure } from '../base/errors.js'
import type { Shape } from '../state/shape.js'

/** The fields of one state, by name. */
export type Fields = Readonly<Record<string, unknown>>

/** All states of one token, by definition id. */
export type State = Readonly<Record<string, Fields>>

/**
 * How far the calls of one page have come. They run in order, so every call up to `done` has ended; `ends` has those of
 * them that failed, and what has ended out of turn.
 */
export interface PageCalls {
  /** The random id of a page, new with each load of it. */
  readonly page: string
  readonly done: number
  readonly ends: readonly CallEnd[]
  /** Failures of calls up to this one are not known any more. */
  readonly forgotten: number
}

export interface CallEnd {
  readonly id: number
  /** If there is one, all calls from this one up to `id` have ended so. */
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
  /** The random id of the run, which it keeps when it is run again elsewhere. */
  readonly run: string
  /** The random id of the process that runs it. */
  readonly node: string
  /** Counts from 1: a run that is begun again, after a failure or a lost process, is the next. */
  readonly attempt: number
  /** Of a durable task alone: what it is run again with. */
  readonly durable?: DurableRun | undefined
  readonly progress?: number | null | undefined
  readonly note?: string | null | undefined
  /** Of a task that equal starts join: stands for the arguments of this one. */
  readonly same?: string | undefined
  /** It has not begun: it waits for the runs of its task, and for those of it that wait with a lower number. */
  readonly waits?: number | undefined
  /** It is a trigger that has come to a run, and joins it if that run looks at the state once more: then it is taken out. */
  readonly joins?: boolean | undefined
}

export interface DurableRun {
  /** As they came: its schema validates them again where it goes on. */
  readonly args: readonly unknown[]
  /** Processes in a row that ended while it ran, and had saved nothing of it. */
  readonly lost: number
  /** Attempts that failed. */
  readonly failed: number
  /** Milliseconds since the epoch before which it is not to be tried again. */
  readonly notBefore?: number | undefined
}

/** How the last run of a task has ended. */
export interface TaskEnd extends TaskName {
  readonly outcome: 'done' | 'failed' | 'cancelled'
  readonly failure?: Failure | undefined
}

export interface Stored {
  /** Rises by one with each save; a token that was never saved has no revision, which counts as 0. */
  readonly revision: number
  readonly state: State
  /** Which calls are part of this state: saved with it, so that a call which is sent again has no second effect. */
  readonly calls: readonly PageCalls[]
  /** Runs that had not ended when it was saved. */
  readonly running: readonly RunningTask[]
  /** Of tasks that ran before. */
  readonly ended: readonly TaskEnd[]
  /** The shape that each state had when it was saved, by definition id. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** A hash of the browser whose page was the last one here. No cookie enters a store. */
  readonly browser?: string | undefined
  /** Drawn with its first save: a state that was lost and began again has another one. */
  readonly birth?: string | undefined
  /** The app has ended it, as for a logout: nothing of it is left, and its pages begin with new tokens. */
  readonly forgotten?: boolean | undefined
}

/**
 * One process's handle on what may be shared with others. Who has loaded a token last owns it: a process that was frozen,
 * or that drains while the next one serves, can save nothing to a token that another has loaded since.
 */
export interface StateStore {
  /** Reaches what it keeps in, so that a mistake shows when a server starts. Called once, before anything else. */
  open?(): Promise<void>
  /**
   * What is kept of a token, which this handle owns from now on. A store that processes share first waits for the one that
   * holds it.
   */
  load(token: string): Promise<Stored | undefined> | Stored | undefined
  /** What is kept of a token, whoever owns it. */
  read(token: string): Promise<Stored | undefined> | Stored | undefined
  /**
   * Keeps `next` if this handle owns the token and its revision is still `next.revision - 1`, and is done when a later
   * `load` is sure to see it. Otherwise nothing is kept and the save fails with `stale-write`. A token that is not kept yet
   * belongs to who saves it first.
   */
  save(token: string, next: Stored): Promise<void> | void
  /** Forgets the token, unless another handle has loaded it since. Forgetting an unknown one is fine. */
  drop(token: string): Promise<void> | void
  /**
   * The hub has let go of a token, which was in use until now: what this handle holds of it in memory can go. It stays kept, and is loaded
   * again when it is needed. `keepMs` are the milliseconds for which it is to be kept.
   */
  unload?(token: string, keepMs: number): Promise<void> | void
  /**
   * For a store that outlives its process: some of the tokens that are not `inUse`, and that were neither first saved nor
   * named here for `keepMs`. The hub asks now and then, and drops them. A store that forgets by itself leaves this out.
   */
  unused?(inUse: Iterable<string>, keepMs: number): Promise<readonly string[]>
  /** Tokens with runs of processes that have ended; of a shared store, some of them. The hub takes them over. */
  orphans?(): Promise<readonly string[]>
  /** Tokens of which the browser with this hash was the last one. Without it, only tabs that are open or loaded can be found. */
  ofBrowser?(browser: string): Promise<readonly string[]> | readonly string[]
  /** For a store that several processes use at the same time. */
  readonly shared?: Shared
  /** Bytes that it keeps, where it can tell without waiting. */
  bytes?(): number
  /** What it keeps lies in the memory of this process: a state that the hub unloads takes as much of it as before. */
  readonly inMemory?: boolean
  /** Lets go of what the store holds open. Saves that were acknowledged stay. */
  close(): Promise<void> | void
}

/** What a store can do that several processes use at the same time. Each process is a node. */
export interface Shared {
  /** The random id of this process. */
  readonly node: string
  /** Whether a process counts as alive. */
  isAlive(node: string): boolean
  /** Milliseconds after its last heartbeat before a process is declared dead. */
  readonly leaseMs: number
  /** Milliseconds for which it keeps an unused token. They count, and not those of the hub. */
  readonly keepMs: number
  /** Called once, before anything else. `keepMs` are those of the hub, for a store that was given none. */
  listen(events: ClusterEvents, keepMs?: number): void
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

/** What a shared store calls in its process. */
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
