/**
 * What a handler and a background task get to work with. These are the types an author sees. `instance/handler-context`, `instance/lock-block` and
 * `tasks/self` make the objects.
 */
import type { DeepReadonly } from '../delta/view.js'
import type { Definition, StateOf, ViewOf } from './definition.js'

/** The exclusive lock on one token, and its state while it is held. */
export interface HeldToken {
  readonly token: string
  /** The draft of one state of this token. Read-only once the lock is released. */
  get<D extends Definition>(definition: D): StateOf<D>
  /** Forgets what was changed since the lock was taken, or since the last `yield`. */
  rollback(): void
  /** Saves and shows what was changed, and lets go. `await using` calls it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The lock as a task holds it: with its own state at hand. */
export interface Held<State> extends HeldToken {
  /** The newest values, and only yours until the lock is released; read-only after that. */
  readonly state: State
}

/** `this` of an event handler that is written as a `function`. */
export interface EventContext {
  readonly token: string
  /** The draft of another state of this tab, under the same lock. */
  get<D extends Definition>(definition: D): StateOf<D>
}

/** The first argument of a background task. Its functions do not depend on `this`, so they can be destructured; `state` is read from it each time. */
export interface Self<State, View = State> {
  readonly token: string
  /**
   * The id of this run, a random string. It is the same in each attempt and in each process, so use it in idempotency keys for other
   * services.
   */
  readonly run: string
  /** Counts from 1. A retry after a failure, and a durable task whose process has died, begin again from the top as the next attempt. */
  readonly attempt: number
  /** Aborted when the task is cancelled or the hub closes. Pass it to `fetch` and the like. */
  readonly signal: AbortSignal
  /**
   * The newest snapshot this process has, read-only. It may be stale by the time you use it: read `self.state` each time, since a `state` that
   * was taken out of `self` stays as it was then.
   */
  readonly state: DeepReadonly<View>
  /** The newest snapshot of another state of this tab, read-only. */
  get<D extends Definition>(definition: D): DeepReadonly<ViewOf<D>>
  /** Waits for the lock and holds it until the end of the block: `await using held = await self.lock()`. */
  lock(): Promise<Held<State>>
  /** Runs `change` under the lock and returns what it returns. If it throws, nothing of it is kept. */
  update<T>(change: (state: State, held: Held<State>) => T | Promise<T>): Promise<T>
  /** Resolves after `ms` milliseconds; rejects at once when the task is cancelled. Holds no lock. */
  sleep(ms: number): Promise<void>
  /** Tells the tab how far the task is: a fraction from 0 to 1, and a short note for people. */
  progress(fraction: number, note?: string): void
}
