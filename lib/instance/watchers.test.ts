import { expect, it } from 'vitest'
import { type Watcher, Watchers } from './watchers.js'

/** A page that always has something unsent, and an event loop that takes `loopMs` to turn. */
function changing(loopMs: number) {
  let now = 1_000
  let hurried = 0
  const clock = {
    now: () => now,
    turn: (run: () => void) => {
      now += loopMs
      run()
    },
  }
  const watcher: Watcher = {
    sentAt: 0,
    changed: () => {},
    hurry: () => {
      hurried += 1
      return true
    },
    showInDevelopment: () => {},
    closeConnection: () => {},
  }
  const watchers = new Watchers(clock)
  watchers.add(watcher)
  return {
    /** Changes the state for so many milliseconds, once in each. Gives how often its page was hurried, and the time that this took. */
    async changesFor(ms: number) {
      const began = now
      for (let step = 0; step < ms; step += 1) {
        await watchers.hurryAtTimes(16)
        now += 1
      }
      return { hurried, waitedMs: now - began - ms }
    },
  }
}

it('sends at once what code has changed, at most once in a frame', async () => {
  const { hurried } = await changing(0).changesFor(160)
  expect(hurried).toBe(10)
})

it('waits for a busy event loop for an eighth of the time at most', async () => {
  const { hurried, waitedMs } = await changing(40).changesFor(3_200)
  expect(hurried).toBeGreaterThan(5)
  expect(waitedMs).toBeLessThan(3_200 / 7 + 40)
})
