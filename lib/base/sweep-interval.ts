/** How often a hub tells its store which tokens are in use, and drops those that nobody has used for `retainMs`. */
import { processLimits } from './server-limits.js'

/** Milliseconds from one such sweep to the next. */
export const sweepMs = (retainMs: number): number =>
  Math.min(retainMs / processLimits.sweepsPerRetention, processLimits.sweepMs)
