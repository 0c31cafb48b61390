/** Checks of the programmer: a failed one is a bug in heldstate, never a fault of the user or of the network. */

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`heldstate assertion failed: ${message}. Please report this.`)
}

/** Completes a switch over a tagged union: the compiler proves that no case is left. */
export function unreachable(value: never): never {
  throw new Error(`heldstate assertion failed: unexpected ${JSON.stringify(value)}. Please report this.`)
}
