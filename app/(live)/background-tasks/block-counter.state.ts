/** The same counter with the lock held for a block of the task, in which several lines read and write. */
import { defineState } from 'heldstate'
import type { Course } from './course'
import { maxCounter } from './max-counter'

export const blockCounter = defineState('block-counter', () => ({
  counter: 0,
  maxCounter: 10,
  course: null as Course | null,
}))
  .computed({ percent: (s) => Math.min(100, (100 * s.counter) / s.maxCounter) })
  .tasks((background) => ({
    count: background({ concurrency: 'single', durable: true }, async (self) => {
      for (;;) {
        {
          await using held = await self.lock()
          const s = held.state // fresh, and exclusively ours
          s.course = { attempt: self.attempt, process: process.pid }
          if (s.counter >= s.maxCounter) return
          s.counter += 1
        } // released here; the patch is on its way
        await self.sleep(500) // long work happens outside the lock
      }
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
