/** What must hold of an attack, and what of it does not. */
import type { Attack } from './scene.js'
import type { Result } from './stage.js'

/** Milliseconds, as the median of all rounds. */
const slowestMs = { p50: 5, p99: 100, delay: 50 }
/** The p50 during an attack, to that before it. */
const slowdown = 3
/** Bytes of log that an attack may cause. */
const logBytes = 200_000

/** Bytes that an attack may keep alive while it lasts: a fifth of the heap. */
const heldBytes = 100_000_000

/** What holds in each round, whatever the machine: nothing is lost, nothing is left, and the log says it. */
export function broken(attack: Attack, result: Result): string[] {
  const { outcome, atFirst, held, atLast, lost, during, after, newcomers } = result
  const misses = [...(outcome?.faults ?? []), ...lost]
  const miss = (is: boolean, text: string) => void (is && misses.push(text))
  const failed = { ...during.failed, ...after.failed }
  miss(Object.keys(failed).length > 0, `clicks failed: ${JSON.stringify(failed)}`)
  miss(atLast.polluted.length > 0, `built-ins were changed: ${atLast.polluted.slice(0, 5).join(', ')}`)
  const tokens = atLast.tokens - atFirst.tokens
  miss(tokens > result.allowedTokens, `${tokens} tokens are in the store, of ${result.allowedTokens} tabs that called`)
  const grown = atLast.live - atFirst.live
  miss(grown > result.allowed, `memory grew by ${megabytes(grown)}, allowed are ${megabytes(result.allowed)}`)
  const alive = held.live - atFirst.live
  const most = attack.heldBytes ?? heldBytes
  miss(alive > most, `${megabytes(alive)} were held while it lasted, allowed are ${megabytes(most)}`)
  const logged = atLast.logBytes - atFirst.logBytes
  miss(logged > logBytes, `${logged} bytes were logged`)
  const { named } = attack
  miss(named !== undefined && !result.lines.some((line) => named.test(line)), `the log does not name ${named?.source}`)
  const crash = result.lines.find((line) => line.startsWith('unhandled rejection'))
  miss(crash !== undefined, `${crash?.slice(0, 200)}`)
  const sessions = held.sessions - atFirst.sessions
  miss(attack.sessions !== undefined && sessions > attack.sessions, `${sessions} sessions at once`)
  miss(newcomers[0] === undefined, 'a newcomer was not welcomed during the attack')
  miss(newcomers[1] === undefined, 'a newcomer was not welcomed after the attack')
  return misses
}

/** The server cannot be used for another attack. */
export const isHarmed = (misses: readonly string[]) =>
  misses.some((miss) => /^fallen|clicks|built-ins|newcomer|rejection/.test(miss))

/** What is judged by the median of the rounds: times. */
export function slow({ holdsThread }: Attack, results: readonly Result[]): string[] {
  if (holdsThread || results.length === 0) return []
  const misses: string[] = []
  const of = (figure: (result: Result) => number) => median(results.map(figure))
  const before = of((result) => result.before.p50)
  const p50 = of((result) => result.during.p50)
  const most = Math.max(slowdown * before, slowestMs.p50)
  if (p50 > most) misses.push(`p50 ${millis(p50)} during, at most ${millis(most)}`)
  const p99 = of((result) => result.during.p99)
  if (p99 >= slowestMs.p99) misses.push(`p99 ${millis(p99)} during, under ${slowestMs.p99} ms`)
  const delay = of((result) => result.during.delay.p99)
  if (delay > slowestMs.delay) misses.push(`the loop's delay p99 ${millis(delay)}, at most ${slowestMs.delay} ms`)
  return misses
}

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

export const millis = (ms: number) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`
