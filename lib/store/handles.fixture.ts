/** Memory stores as the suite wants them: a new one, or another handle on the memory of one. */
import { type Memory, memoryStore } from './memory.js'
import type { StateStore } from './store.js'

const memories = new WeakMap<StateStore, Memory>()

export function memoryHandle(beside?: StateStore): StateStore {
  const memory: Memory = (beside && memories.get(beside)) ?? new Map()
  const store = memoryStore(memory)
  memories.set(store, memory)
  return store
}
