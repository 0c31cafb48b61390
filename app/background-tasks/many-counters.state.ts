/** Fifty background tasks in one tab. All write to the same state, each its own row, in turns under the same lock. */
import { defineState } from 'heldstate'

const rows = 50
const steps = 100

export const manyCounters = defineState('many-counters', () => ({ steps, counts: Array<number>(rows).fill(0) }))
  .private(() => ({ runs: 0 }))
  .computed({ finished: (s) => s.counts.filter((count) => count === s.steps).length })
  .tasks((background) => ({
    countRow: background(async ({ update, sleep }, row: number, run: number) => {
      const more = () =>
        update((s) => {
          if (s.runs !== run) return false // somebody has started over
          const count = (s.counts[row] ?? 0) + 1
          s.counts[row] = count
          return count < s.steps
        })
      while (await more()) await sleep(80 + ((row * 37) % 140)) // a pace of its own for each row
    }),
  }))
  .events((on, { countRow }) => ({
    startAll: on((s) => {
      s.runs += 1
      s.counts = Array<number>(rows).fill(0)
      return s.counts.map((_, row) => countRow(row, s.runs))
    }),
  }))
