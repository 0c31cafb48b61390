import { defineState } from 'heldstate'

export const counter = defineState('counter', () => ({ n: 0 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
}))
