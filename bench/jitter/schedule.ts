/** What happens to each client of the jitter bench and when, drawn from a seed: the same for every side. */

export interface Settings {
  readonly seed: number
  readonly clients: number
  /** How long counters change, clicks are made and connections are cut. */
  readonly durationMs: number
  /** A counter makes so many changes, then waits for half to one and a half of this. */
  readonly changes: number
  readonly everyMs: number
  /** Two cuts of one client are between half and one and a half of this apart; so are two clicks. */
  readonly cutEveryMs: number
  readonly clickEveryMs: number
  readonly retries: number
  readonly snapshot: boolean
}

export interface Schedule {
  /** When its counter starts, so that they do not all tick at once. */
  readonly startMs: number
  /** `reset` loses what is still under way to the server as well. */
  readonly cuts: readonly { readonly atMs: number; readonly reset: boolean }[]
  readonly clicksMs: readonly number[]
}

/** The schedule of one client in one round. */
export function scheduleOf(settings: Settings, round: number, client: number): Schedule {
  const { seed, durationMs, everyMs, cutEveryMs, clickEveryMs } = settings
  const random = chance(seed * 1_000_003 + round * 10_007 + client)
  const times = (every: number) => {
    const drawn: number[] = []
    for (let at = every * random(); at < durationMs; at += every * (0.5 + random())) drawn.push(at)
    return drawn
  }
  const cuts = times(cutEveryMs).map((atMs) => ({ atMs, reset: random() < 0.5 }))
  const justBefore = cuts.filter(() => random() < 0.5).map(({ atMs }) => Math.max(0, atMs - 2 * random()))
  return {
    startMs: everyMs * random(),
    cuts,
    clicksMs: [...times(clickEveryMs), ...justBefore].sort((a, b) => a - b),
  }
}

/** mulberry32 */
export function chance(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const sides = ['held', 'plain', 'recovery'] as const
export type Side = (typeof sides)[number]

/** Milliseconds on a clock that all processes of this machine share. */
export const sharedNow = () => Number(process.hrtime.bigint()) / 1e6

/** What the server says of one client when all is over. */
export interface Truth {
  readonly counter: number
  readonly clicks: number
  /** When the counter became 1, 2, 3 and so on. */
  readonly changedAt: readonly number[]
  /** How often each click was run. */
  readonly runs: readonly number[]
}

export type Outcome = 'open' | 'acknowledged' | 'failed'

/** What one client has lived through. */
export interface Life {
  /** Times at which its transport was connected: the first connection and each after a cut. */
  readonly opened: number[]
  /** How many of these gave it what it had missed, instead of nothing or all. */
  resumed: number
  /** Values of the counter in the order in which they were shown, and when. */
  readonly shown: number[]
  readonly shownAt: number[]
  readonly clicks: Outcome[]
  /** What the client shows in the end. */
  counter: number
  clicked: number
  messages: number
  bytesDown: number
  bytesUp: number
  connected: boolean
}

/** Signs the cookies of the clients, which keep none by themselves. */
export const benchSecret = 'of the bench, which keeps no secret'
