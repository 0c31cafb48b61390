/** The counter with its bookkeeping done by hand: a flag in the state, which the task looks at under the lock. */
import { defineState } from 'heldstate'
import { z } from 'zod'

export const counter = defineState('counter', () => ({ counter: 0, maxCounter: 10, running: false }))
  .computed({ percent: (s) => Math.min(100, (100 * s.counter) / s.maxCounter) })
  .tasks((background) => ({
    // 'single' and not a count of tasks in the state: a count would outlive the tasks when the server is restarted
    count: background({ concurrency: 'single' }, async (self) => {
      for (;;) {
        {
          await using held = await self.lock()
          const s = held.state // fresh, and exclusively ours
          if (s.counter >= s.maxCounter) s.running = false
          if (!s.running) return
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
