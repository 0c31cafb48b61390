/** How often a hub tells its store which tokens are in use, and drops those that nobody has used for `keepMs`. */
import { fixedLimits } from './server-limits.js'

/** Milliseconds from one such sweep to the next. */
export const sweepMs = (keepMs: number): number => Math.min(keepMs / fixedLimits.sweepsPerKeep, fixedLimits.sweepMs)
