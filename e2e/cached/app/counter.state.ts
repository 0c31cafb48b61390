import { defineState } from 'heldstate'

export const counter = defineState('counter', () => ({ n: 0, ticks: 0 }))
  .tasks((background) => ({
    tick: background({ durable: true }, async ({ update, sleep }) => {
      while ((await update((s) => ++s.ticks)) < 1_000) await sleep(100)
    }),
  }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
  }))
