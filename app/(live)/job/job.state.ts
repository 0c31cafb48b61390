/**
 * A long job over some rows: it reports how far it is, can be cancelled between two rows, and can fail in the middle. It is durable, and goes on
 * after the last row that it has saved; a list that another run has left is not its own.
 */
import { defineState, Refusal } from 'heldstate'
import { z } from 'zod'

const total = 40

export const job = defineState('job', () => ({ total, results: [] as string[], attempt: 1 }))
  .private(() => ({ ofRun: '' }))
  .tasks((background) => ({
    run: background(
      { concurrency: 'single', durable: true, input: z.object({ fails: z.boolean() }) },
      async ({ run, attempt, update, sleep, progress }, { fails }) => {
        const done = await update((s) => {
          if (s.ofRun !== run) Object.assign(s, { ofRun: run, results: [] })
          s.attempt = attempt
          return s.results.length
        })
        for (let row = done + 1; row <= total; row += 1) {
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
