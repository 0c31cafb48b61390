/**
 * Makes an error without a stack. For a refusal that the caller alone hears of, taking the stack costs more than the rest of it, and a page can
 * be refused thousands of times a second.
 */
export function stackless<T>(make: () => T): T {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = before
  }
}
