/**
 * The clock as one process sees it. After `die()` nothing happens there any more: timers that it had set and turns that it
 * had asked for never come.
 */
import type { Clock } from '../base/clock.js'

export interface MortalClock extends Clock {
  die(): void
}

export function mortalClock(clock: Clock): MortalClock {
  let dead = false
  const pending = new Set<() => void>()
  return {
    now: () => clock.now(),
    id: () => clock.id(),
    turn: (run) => clock.turn(() => void (dead || run())),
    after: (ms, run) => {
      const cancel = clock.after(ms, () => {
        pending.delete(cancel)
        run()
      })
      pending.add(cancel)
      if (dead) cancel()
      return () => {
        pending.delete(cancel)
        cancel()
      }
    },
    die: () => {
      dead = true
      for (const cancel of pending) cancel()
      pending.clear()
    },
  }
}
