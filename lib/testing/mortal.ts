/**
 * The store as one process sees it. After `die()` that process does nothing more to it: what it still asks for never comes,
 * as after `kill -9`, so a test can start the next hub over the same store.
 */
import type { StateStore } from '../store/store.js'

export interface MortalStore extends StateStore {
  die(): void
}

export function mortalStore(store: StateStore): MortalStore {
  let dead = false
  const never = new Promise<never>(() => {})
  const alive = <T>(act: () => T): T | Promise<never> => (dead ? never : act())
  return {
    load: (token) => alive(() => store.load(token)),
    save: (token, next) => alive(() => store.save(token, next)),
    drop: (token) => alive(() => store.drop(token)),
    close: () => {},
    die: () => {
      dead = true
    },
  }
}
