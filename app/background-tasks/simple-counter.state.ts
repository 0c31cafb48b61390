/**
 * The same counter without bookkeeping: the library knows what runs, refuses a second start, and cancels. Each step goes on from
 * what is saved, so the task is durable: another process goes on with it when its own has ended.
 */
import { defineState } from 'heldstate'
import { z } from 'zod'

export const simpleCounter = defineState('simple-counter', () => ({ counter: 0, maxCounter: 10 }))
  .computed({ percent: (s) => Math.min(100, (100 * s.counter) / s.maxCounter) })
  .tasks((background) => ({
    count: background({ concurrency: 'single', durable: true }, async ({ update, sleep }) => {
      while (await update((s) => s.counter < s.maxCounter && ++s.counter)) await sleep(500)
    }),
  }))
  .events((on) => ({
    reset: on((s) => {
      s.counter = 0
    }),
    setMax: on(z.coerce.number<string>().int().positive(), (s, max) => {
      s.maxCounter = max
    }),
  }))
