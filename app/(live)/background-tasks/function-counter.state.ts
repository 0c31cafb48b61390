/**
 * A counter whose task takes the lock for one function at a time. Each step goes on from what is saved, so the task is durable: another process
 * goes on with it when its own has ended. Whether it runs is the library's to know: a flag in the state would stay as it was.
 */
import { defineState } from 'heldstate'
import type { Course } from './course'
import { maxCounter } from './max-counter'

export const functionCounter = defineState('function-counter', () => ({
  counter: 0,
  maxCounter: 10,
  course: null as Course | null,
}))
  .computed({ percent: (s) => Math.min(100, (100 * s.counter) / s.maxCounter) })
  .tasks((background) => ({
    count: background({ concurrency: 'single', durable: true }, async ({ update, sleep, attempt }) => {
      await update((s) => {
        s.course = { attempt, process: process.pid }
      })
      while (await update((s) => s.counter < s.maxCounter && ++s.counter)) await sleep(500)
    }),
  }))
  .events((on) => ({
    reset: on((s) => {
      s.counter = 0
    }),
    setMax: on(maxCounter, (s, max) => {
      s.maxCounter = max
    }),
  }))
