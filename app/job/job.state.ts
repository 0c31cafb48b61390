/** A long job over some rows: it reports how far it is, can be cancelled between two rows, and can fail in the middle. */
import { defineState, Refusal } from 'heldstate'
import { z } from 'zod'

const total = 40

export const job = defineState('job', () => ({ total, results: [] as string[] })).tasks((background) => ({
  run: background(
    { concurrency: 'single', input: z.object({ fails: z.boolean() }) },
    async ({ update, sleep, progress }, { fails }) => {
      await update((s) => {
        s.results = []
      })
      for (let row = 1; row <= total; row += 1) {
        await sleep(150) // stands for the work on one row, outside the lock
        if (fails && row === total / 2) throw new Refusal(`Row ${row} has no price.`)
        await update((s) => {
          s.results.push(`Row ${row}: ${(row * 7) % 23} pieces`)
        })
        progress(row / total, `row ${row} of ${total}`)
      }
    },
  ),
}))
