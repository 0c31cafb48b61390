/**
 * Time and chance as a port. Everything in heldstate that waits, stamps or draws a number asks its clock, so that a test
 * can own both: `testing/` has a clock that moves only when told to.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `run` once after `ms` milliseconds; the returned function takes it back. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` once when the present turn of the event loop has handled what arrived in it. */
  turn(run: () => void): void
  /** A random string of 32 hexadecimal digits (128 bits), fit for a secret. */
  id(): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    if (ms > longestTimer) {
      let cancel = systemClock.after(longestTimer, () => {
        cancel = systemClock.after(ms - longestTimer, run)
      })
      return () => cancel()
    }
    const timer: unknown = setTimeout(run, ms)
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as NodeJS.Timeout).unref()
    return () => clearTimeout(timer as NodeJS.Timeout)
  },
  turn: typeof setImmediate === 'function' ? (run) => void setImmediate(run) : (run) => void setTimeout(run, 0),
  id: randomId,
}

/** Milliseconds that `setTimeout` can count; with more, it would not wait at all. */
const longestTimer = 2 ** 31 - 1

/** `crypto.randomUUID` exists only in secure contexts: a page at a LAN address or an intranet name has no such function. */
function randomId(): string {
  if (left === 0) left = crypto.getRandomValues(drawn).length
  const pairs: string[] = []
  for (let count = 0; count < 16; count += 1) {
    left -= 1
    pairs.push((256 + (drawn[left] as number)).toString(16).slice(1))
  }
  drawn.fill(0, left) // an id may be a secret
  return pairs.join('') // added up, it would keep its pieces
}

/** Random bytes for the next ids: a call of the platform takes as long as twenty ids. The first `left` bytes are unused. */
const drawn = new Uint8Array(1_024)
let left = 0
