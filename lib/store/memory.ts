/** The memory store: as fast as it gets, and gone with the process. */
import { HeldStateError } from '../base/errors.js'
import type { StateStore, Stored } from './store.js'

export function memoryStore(): StateStore {
  const kept = new Map<string, Stored>()
  return {
    load: (token) => kept.get(token),
    save: (token, next) => {
      refuseStale(kept.get(token)?.revision ?? 0, next.revision)
      kept.set(token, next)
    },
    drop: (token) => void kept.delete(token),
    close: () => {},
  }
}

/** Throws `stale-write` unless `next` follows `kept`. */
export function refuseStale(kept: number, next: number): void {
  if (next === kept + 1) return
  throw new HeldStateError(
    'stale-write',
    `The store holds revision ${kept}, so revision ${next} cannot be saved: another writer was faster. Nothing was kept.`,
  )
}
