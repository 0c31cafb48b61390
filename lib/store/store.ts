/**
 * The store port: where committed state lives. A store keeps, for each token, one state and the revision it has. Every
 * implementation passes the suite in `store/suite`. Stored values are immutable: neither side changes them afterwards.
 */

/** The fields of one state, by name. */
export type Fields = Readonly<Record<string, unknown>>

/** All states of one token, by definition id. */
export type State = Readonly<Record<string, Fields>>

export interface Stored {
  /** Rises by one with each save; a token that was never saved has no revision, which counts as 0. */
  readonly revision: number
  readonly state: State
}

export interface StateStore {
  load(token: string): Promise<Stored | undefined> | Stored | undefined
  /**
   * Keeps `next` if the token's revision is still `next.revision - 1`, and is done when a later `load` is sure to see it.
   * Otherwise nothing is kept and the save fails with `stale-write`.
   */
  save(token: string, next: Stored): Promise<void> | void
  /** Forgets the token. Forgetting an unknown one is fine. */
  drop(token: string): Promise<void> | void
  /** Lets go of what the store holds open. Saves that were acknowledged stay. */
  close(): Promise<void> | void
}
