/** The counter with its bookkeeping done by hand: a flag that the task looks at, and a count of the tasks that run. */
import { defineState } from 'heldstate'
import { z } from 'zod'

export const counter = defineState('counter', () => ({ counter: 0, maxCounter: 10, running: false }))
  .private(() => ({ tasks: 0 }))
  .computed({ percent: (s) => Math.min(100, (100 * s.counter) / s.maxCounter) })
  .tasks((background) => ({
    count: background(async (self) => {
      const first = await self.update((s) => {
        if (s.tasks > 0) return false
        s.tasks += 1
        return true
      })
      if (!first) return // only one at a time
      for (;;) {
        {
          await using held = await self.lock()
          const s = held.state // fresh, and exclusively ours
          if (s.counter >= s.maxCounter) s.running = false
          if (!s.running) {
            s.tasks -= 1
            return
          }
          s.counter += 1
        } // released here; the patch is on its way
        await self.sleep(500) // long work happens outside the lock
      }
    }),
  }))
  .events((on, { count }) => ({
    toggle: on((s) => {
      s.running = !s.running
      if (s.running) return count()
    }),
    reset: on((s) => {
      s.counter = 0
    }),
    setMax: on(z.coerce.number<string>().int().positive(), (s, max) => {
      s.maxCounter = max
    }),
  }))
