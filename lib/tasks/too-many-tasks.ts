/** The refusal of a start because a bound is reached. */
import { HeldStateError } from '../base/errors.js'

/** `says` is a sentence without its stop; `bound` is the name of the limit. */
export const tooManyTasks = (says: string, bound: string, task: string): HeldStateError =>
  new HeldStateError(
    'too-many-tasks',
    `${says} (limit "${bound}"). "${task}" was not started. Start it again when others have ended.`,
  )
