/** Ends a simulated life where a promise is broken. */
export function require(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message)
}
