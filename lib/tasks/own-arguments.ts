/** The arguments of one attempt of a task: what it does to them is not for the next one. */
import { copyValue } from '../base/copy.js'
import type { TaskDeclaration } from '../state/definition.js'

/** A copy, where there may be another attempt. What a schema has made may be no value of a state, and is shared. */
export function ownArguments(
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
