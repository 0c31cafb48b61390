/** The errors of a change that could not be saved. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'

export const saveFailed = (consequence: string, cause: unknown) =>
  new HeldStateError('save-failed', `The change could not be saved. ${consequence}`, { cause })

export const dependentSaveFailed = (cause: unknown): HeldStateError =>
  saveFailed('It depended on a change that could not be saved. Nothing was changed.', cause)

/** The more specific of two errors: a change's own, and that of the change it was built on. */
export const moreSpecificError = (own: unknown, base: unknown): unknown =>
  isSaveFailed(own) && isSaveFailed(base) ? own : base

export const isSaveFailed = (error: unknown) => isHeldStateError(error) && error.code === 'save-failed'
