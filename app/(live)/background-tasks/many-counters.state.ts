/**
 * Fifty background tasks in one tab. All write to the same state, each its own row, in turns under the same lock. They are durable, and each goes on
 * from its row.
 */
import { defineState } from 'heldstate'
import type { Course } from './course'

const rows = 50
const steps = 100

export const manyCounters = defineState('many-counters', () => ({
  steps,
  counts: Array<number>(rows).fill(0),
  course: null as Course | null,
}))
  .private(() => ({ round: 0 }))
  .computed({ finished: (s) => s.counts.filter((count) => count === s.steps).length })
  .tasks((background) => ({
    countRow: background({ durable: true }, async ({ update, sleep, attempt }, row: number, round: number) => {
      const more = () =>
        update((s) => {
          if (s.round !== round) return false // somebody has started over
          s.course = { attempt, process: process.pid }
          const count = Math.min(s.steps, (s.counts[row] ?? 0) + 1)
          s.counts[row] = count
          return count < s.steps
        })
      while (await more()) await sleep(80 + ((row * 37) % 140)) // a pace of its own for each row
    }),
  }))
  .events((on, { countRow }) => ({
    startAll: on((s) => {
      s.round += 1
      s.counts = Array<number>(rows).fill(0)
      return s.counts.map((_, row) => countRow(row, s.round))
    }),
  }))
