/** What a store answers with where it cannot do what it was asked. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { storeAway } from '../base/failure.js'
import { defaultLimits } from '../base/limits.js'

/** Throws `stale-write` unless `next` follows `kept`. */
export function refuseStale(kept: number, next: number): void {
  if (next === kept + 1) return
  throw new HeldStateError(
    'stale-write',
    `The store holds revision ${kept}, so revision ${next} cannot be saved: another writer was faster. Nothing was kept.`,
  )
}

/** Another handle has loaded the token. */
export const ownershipLost = () =>
  new HeldStateError('stale-write', 'Another process has taken over the state of this tab. Nothing was kept.')

/** Another process does not give the token up. */
export const ownedElsewhere = () =>
  new HeldStateError(
    'lock-timeout',
    `Another process has held the state of this tab for ${defaultLimits.lockWaitMs} ms, the bound "lockWaitMs". Nothing was changed; try again.`,
  )

/** Another process has taken over the token: nothing was kept, and the tab sends it to whoever it reaches next. */
export const isStale = (error: unknown): error is HeldStateError =>
  isHeldStateError(error) && error.code === 'stale-write'

/** What a page is told while the store is out of reach. */
export const cannotSave = storeAway
