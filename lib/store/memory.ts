/** The memory store: as fast as it gets, and gone with the process. */
import { HeldStateError } from '../base/errors.js'
import { defaultLimits } from '../base/limits.js'
import type { StateStore, Stored } from './store.js'

interface Kept {
  readonly stored: Stored
  owner: StateStore
}

/** What several handles in one process may share: a test has a hub die and another go on. */
export type Memory = Map<string, Kept>

export function memoryStore(memory: Memory = new Map()): StateStore {
  const handle: StateStore = {
    inMemory: true,
    load: (token) => {
      const kept = memory.get(token)
      if (kept) kept.owner = handle
      return kept?.stored
    },
    read: (token) => memory.get(token)?.stored,
    save: (token, stored) => {
      const kept = memory.get(token)
      if (kept && kept.owner !== handle) throw taken()
      refuseStale(kept?.stored.revision ?? 0, stored.revision)
      memory.set(token, { stored, owner: handle })
    },
    drop: (token) => {
      if (memory.get(token)?.owner === handle) memory.delete(token)
    },
    ofBrowser: (browser) => [...memory].filter(([, { stored }]) => stored.browser === browser).map(([token]) => token),
    orphans: async () => [...memory].filter(([, { stored }]) => stored.running.length > 0).map(([token]) => token),
    close: () => {},
  }
  return handle
}

/** Throws `stale-write` unless `next` follows `kept`. */
export function refuseStale(kept: number, next: number): void {
  if (next === kept + 1) return
  throw new HeldStateError(
    'stale-write',
    `The store holds revision ${kept}, so revision ${next} cannot be saved: another writer was faster. Nothing was kept.`,
  )
}

/** Another handle has loaded the token. */
export const taken = () =>
  new HeldStateError('stale-write', 'Another process has taken over the state of this tab. Nothing was kept.')

/** Another process does not give the token up. */
export const heldElsewhere = () =>
  new HeldStateError(
    'lock-timeout',
    `Another process has held the state of this tab for ${defaultLimits.lockWaitMs} ms, the bound "lockWaitMs". Nothing was changed; try again.`,
  )
