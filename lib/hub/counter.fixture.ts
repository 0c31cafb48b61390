/** The counter of DESIGN, in both idioms, for tests. */
import { z } from 'zod'
import { defineState } from '../doors/authors.js'

export const counter = defineState('counter', () => ({ counter: 0, maxCounter: 10, running: false }))
  .private(() => ({ tasks: 0 }))
  .computed({ percent: (s) => (100 * s.counter) / s.maxCounter })
  .tasks((background) => ({
    count: background(async (self) => {
      const first = await self.update((s) => {
        if (s.tasks > 0) return false
        s.tasks += 1
        return true
      })
      if (!first) return
      for (;;) {
        {
          await using held = await self.lock()
          const s = held.state
          if (s.counter >= s.maxCounter) s.running = false
          if (!s.running) {
            s.tasks -= 1
            return
          }
          s.counter += 1
        }
        await self.sleep(500)
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

export const simple = defineState('simple', () => ({ counter: 0, maxCounter: 10 })).tasks((background) => ({
  count: background({ concurrency: 'single' }, async ({ update, sleep }) => {
    while (await update((s) => s.counter < s.maxCounter && ++s.counter)) await sleep(500)
  }),
}))
