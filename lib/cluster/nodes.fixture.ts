/** Nodes over one coordinator in memory, by a clock that the test owns. */

import type { Stored } from '../store/store.js'
import { TestClock } from '../testing/clock.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import { SharedStore } from './shared-store.js'

export const stored = (revision: number, n = revision): Stored => ({
  revision,
  state: { a: { n } },
  calls: [],
  running: [],
  ended: [],
  shapes: {},
})

/** `heard` has the events of each node: `wanted t`, `t 2 {…}`, `missed`. */
export async function nodes(count: number, leaseMs = 1000) {
  const clock = new TestClock()
  const book = new MemoryCoordinatorState(clock)
  const all = []
  for (let index = 0; index < count; index += 1) {
    const coordinator = memoryCoordinator(book)
    const store = new SharedStore({ coordinator, clock, leaseMs })
    const heard: string[] = []
    store.listen({
      onHandoverRequested: (token) => void heard.push(`wanted ${token}`),
      onChanged: (token, now) => void heard.push(`${token} ${now?.revision} ${JSON.stringify(now?.state)}`),
      onOrphans: () => void heard.push('missed'),
      onLastPageLeft: () => {},
      onLeaseLost: () => {},
    })
    await store.open()
    all.push({ store, heard, coordinator })
  }
  const [a, b, c] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]]
  return { clock, book, a, b, c }
}
