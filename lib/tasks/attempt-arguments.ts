/** The arguments of one attempt of a task. An attempt may change them, and the next attempt must not see that. */
import { copyValue } from '../base/copy.js'
import type { TaskDeclaration } from '../state/definition.js'

/** Copies the arguments if there may be a further attempt. A schema can make values that cannot be copied: those are shared. */
export function argumentsForAttempt(
  args: readonly unknown[],
  { retry, durable, restartOnEdit }: TaskDeclaration,
): readonly unknown[] {
  if (retry.times === 0 && !durable && !restartOnEdit) return args
  try {
    return copyValue(args, ['arguments']) as unknown[]
  } catch {
    return args
  }
}
