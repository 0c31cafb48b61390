import { defineState } from 'heldstate'

export const example = defineState('example', () => ({ counter: 0, max: 10 }))
  .tasks((background) => ({
    count: background(
      { concurrency: 'single', durable: true },
      async ({ update, sleep }) => {
        while (await update((s) => s.counter < s.max && ++s.counter))
          await sleep(500)
      },
    ),
  }))
  .events((on) => ({
    reset: on((s) => {
      s.counter = 0
    }),
  }))
