/** The memory store. Its state is lost with the process. */
import { ownershipLost, refuseStale } from './errors.js'
import type { StateStore, Stored } from './store.js'

interface Kept {
  stored: Stored
  owner: StateStore
}

/** The stored tokens. Several handles in one process may share them, so that in a test another hub continues after one has died. */
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
      if (kept && kept.owner !== handle) throw ownershipLost()
      refuseStale(kept?.stored.revision ?? 0, stored.revision)
      if (kept) kept.stored = stored
      else memory.set(token, { stored, owner: handle })
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
