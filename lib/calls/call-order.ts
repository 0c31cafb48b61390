/** Calls of a page that are on their way to the store, and those that come after them. */
import type { Json } from '../base/encode.js'
import { concluded, type Eventually } from '../base/eventually.js'
import type { UnsavedChanges } from '../instance/instance.js'
import { moreSpecificError } from '../instance/save-error.js'

/** What a call has come to; `'answered'` if another process has run it: its answer is in `instance.calls`. */
export type Dispatched = Running | 'answered'

export interface Running {
  /** Done when the call has settled: what it changed is kept, and what follows from it has begun. */
  readonly done: Eventually<void>
  /** What its change is part of, where the next call may begin before that is kept. */
  readonly pending?: UnsavedChanges | undefined
  /** What the call replies, encoded. */
  readonly reply?: Json | undefined
}

/** A call that waits for nothing. */
export const finished: Running = { done: undefined }

/** Calls of a page that have not settled. What comes after them has no effect unless they have. */
export interface InFlight {
  /** Done when they have settled; never rejects. */
  readonly settled: Promise<void>
  /** What they are part of. */
  readonly pending: UnsavedChanges
}

/** Runs a call that settles after those before it, and not otherwise: what is remembered of calls is how far they have come. */
export function inOrder(before: InFlight, work: () => Eventually<Dispatched>): Eventually<Dispatched> {
  return concluded(
    work,
    (outcome) =>
      outcome === 'answered'
        ? before.settled.then(() => outcome)
        : { ...outcome, done: settlesAfter(before, outcome.done) },
    (error) => settlesAfter(before, Promise.reject(error)),
  )
}

async function settlesAfter<T>({ settled, pending }: InFlight, done: Eventually<T>): Promise<T> {
  try {
    const value = await done
    await settled
    return value
  } catch (error) {
    await settled
    throw pending.failure ? moreSpecificError(error, pending.failure) : error
  }
}
