/** Calls of a page that are on their way to the store, and those that come after them. */
import type { Eventually } from '../base/eventually.js'
import { sharper } from '../instance/commit-queue.js'
import type { Unsaved } from '../instance/instance.js'

/** What comes after them has no effect unless they have. */
export interface Passing {
  /** Done when they have ended; never rejects. */
  readonly ended: Promise<void>
  /** What they are part of. */
  readonly pending: Unsaved
}

/** Runs a call that ends after those before it, and not otherwise: what is remembered of calls is how far they have come. */
export async function inOrder({ ended, pending }: Passing, run: () => Eventually<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    await ended
    throw pending.failure ? sharper(error, pending.failure) : error
  }
  await ended
}
