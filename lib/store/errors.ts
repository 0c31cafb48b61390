/** The errors of stores. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { defaultLimits } from '../base/limits.js'

/** Throws `stale-write` unless revision `next` follows `saved`. */
export function refuseStale(saved: number, next: number): void {
  if (next === saved + 1) return
  throw new HeldStateError(
    'stale-write',
    `The store holds revision ${saved}, so revision ${next} cannot be saved: another writer was faster. Nothing was changed.`,
  )
}

/** Another process has loaded the token. */
export const ownershipLost = () =>
  new HeldStateError('stale-write', 'Another process took over the state of this tab. Nothing was changed.')

/** Another process has not handed the token over in time. */
export const ownedElsewhere = () =>
  new HeldStateError(
    'lock-timeout',
    `Another process has held the state of this tab for ${defaultLimits.lockWaitMs} ms (limit "lockWaitMs"). Nothing was changed. Try again.`,
  )

/** Whether another process owns the token by now. Nothing was saved, and the tab sends the call to the next process it reaches. */
export const isStale = (error: unknown): error is HeldStateError =>
  isHeldStateError(error) && error.code === 'stale-write'
