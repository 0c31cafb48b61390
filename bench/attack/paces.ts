/** How long an attack takes: in full, for figures; or briefly, with bounds in time that are shortened so far that a test sees them. */
import type { Pace } from './stage.js'

export const fullPace = (store: string): Pace => ({
  beforeMs: 3_000,
  duringMs: 8_000,
  leastMs: 2_000,
  afterMs: 3_000,
  settleMs: 180_000,
  answerMs: 20_000,
  scale: 1,
  server: { store, limits: {} },
})

/**
 * Milliseconds of what a server waits for before it gives something back or names it: bounds of seconds or minutes, shortened.
 */
const shortened = {
  unloadMs: 300,
  eventTimeoutMs: 800,
  helloMs: 800,
  bodyMs: 1_000,
}

export const shortPace = (store: string): Pace => ({
  beforeMs: 50,
  duringMs: 700,
  leastMs: 0,
  afterMs: 100,
  settleMs: 2_000,
  answerMs: 5_000,
  scale: 0.05,
  server: { store, limits: shortened },
})
