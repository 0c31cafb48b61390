/** How the benchmarks print their figures, and what they make of several rounds. */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly target: number
  /** A good value is at most, or at least, the target. */
  readonly good: 'most' | 'least'
  readonly detail?: string
  readonly unit?: string
  /** The most expensive functions of the server on the side of heldstate. */
  readonly expensive?: readonly string[]
}

export function note({ name, value, target, good, detail, unit = '×', expensive = [] }: Figure): void {
  const reached = good === 'most' ? value <= target : value >= target
  const shown = unit === '×' ? `${value.toFixed(2)}×` : `${Number(value.toFixed(1))} ${unit}`
  const figure = `${reached ? 'reached' : 'missed '}  ${shown.padStart(8)}  (at ${good} ${target})  ${name}`
  console.log(detail ? `${figure}: ${detail}` : figure)
  if (expensive.length > 0) console.log(`${' '.repeat(19)}${expensive.join(', ')}`)
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number

/** Milliseconds of `work`. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
