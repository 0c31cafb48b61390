/** Stores as the suite wants them: a new one, or another handle on the memory of one. */
import { systemClock } from '../base/clock.js'
import { type SharedStore, sharedStore } from '../cluster/shared-store.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import { type Memory, memoryStore } from './memory.js'
import type { StateStore } from './store.js'

const memories = new WeakMap<StateStore, Memory>()

export function memoryHandle(beside?: StateStore): StateStore {
  const memory: Memory = (beside && memories.get(beside)) ?? new Map()
  const store = memoryStore(memory)
  memories.set(store, memory)
  return store
}

const books = new WeakMap<StateStore, MemoryCoordinatorState>()

/** Shared stores that give up a token when another asks for it, as a hub does. */
export async function sharedHandle(beside?: StateStore): Promise<StateStore> {
  const book = (beside && books.get(beside)) ?? new MemoryCoordinatorState(systemClock)
  const store = sharedStore({ coordinator: memoryCoordinator(book), clock: systemClock, leaseMs: 60_000 })
  books.set(store, book)
  givingUp(store)
  return store
}

export function givingUp(store: SharedStore): void {
  store.listen({
    onHandoverRequested: (token) => void store.release(token, false).catch(() => {}),
    onChanged: () => {},
    onOrphans: () => {},
    onLastPageLeft: () => {},
    onLeaseLost: () => {},
  })
}
