/** What is said of a definition that cannot be used. */
import { HeldStateError } from '../base/errors.js'
import { unknownKey } from '../base/known-keys.js'

export const invalid = (message: string): HeldStateError => new HeldStateError('invalid-definition', message)

/** A schema has `~standard`; any other plain object is meant as options, and a misspelt one would be worse than none. */
export function refuseUnknown(maker: string, given: unknown, known: ReadonlySet<string>): void {
  if (typeof given !== 'object' || given === null || '~standard' in given) return
  const problem = unknownKey(maker, given, known)
  if (problem) throw invalid(problem)
}
