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
  readonly failure?: Failure | undefined
}

/** Names a background task of a definition. */
export interface TaskName {
  readonly definition: string
  readonly task: string
}

export interface Stored {
  /** Rises by one with each save; a token that was never saved has no revision, which counts as 0. */
  readonly revision: number
  readonly state: State
  /** Which calls are part of this state: saved with it, so that a call which is sent again has no second effect. */
  readonly calls: readonly PageCalls[]
  /** Tasks that ran when it was saved. A process that loads it and does not run them knows that they were interrupted. */
  readonly running: readonly TaskName[]
  /** The shape that each state had when it was saved, by definition id. */
  readonly shapes: Readonly<Record<string, Shape>>
}

/**
 * One process's handle on what may be shared with others. Who has loaded a token last owns it: a process that was frozen,
 * or that drains while the next one serves, can save nothing to a token that another has loaded since.
 */
export interface StateStore {
  /** What is kept of a token, which this handle owns from now on. */
  load(token: string): Promise<Stored | undefined> | Stored | undefined
  /**
   * Keeps `next` if this handle owns the token and its revision is still `next.revision - 1`, and is done when a later
   * `load` is sure to see it. Otherwise nothing is kept and the save fails with `stale-write`. A token that is not kept yet
   * belongs to who saves it first.
   */
  save(token: string, next: Stored): Promise<void> | void
  /** Forgets the token, unless another handle has loaded it since. Forgetting an unknown one is fine. */
  drop(token: string): Promise<void> | void
  /**
   * For a store that outlives its process: some of the tokens that are not `inUse`, and that were neither first saved nor
   * named here for `keepMs`. The hub asks now and then, and drops them. A store that forgets by itself leaves this out.
   */
  unused?(inUse: Iterable<string>, keepMs: number): Promise<readonly string[]>
  /** Lets go of what the store holds open. Saves that were acknowledged stay. */
  close(): Promise<void> | void
}
