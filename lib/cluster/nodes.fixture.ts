/** Nodes over one ledger in memory, by a clock that the test owns, and what is kept in them. */

import type { Stored } from '../store/store.js'
import { TestClock } from '../testing/clock.js'
import { Book, memoryLedger } from '../testing/memory-ledger.js'
import { SharedStore } from './shared-store.js'

export const stored = (revision: number, n = revision): Stored => ({
  revision,
  state: { a: { n } },
  calls: [],
  running: [],
  ended: [],
  shapes: {},
})

/** `heard` has what each was told: `wanted t`, `t 2 {…}`, `missed`. */
export async function nodes(count: number, leaseMs = 1000) {
  const clock = new TestClock()
  const book = new Book(clock)
  const all = []
  for (let index = 0; index < count; index += 1) {
    const ledger = memoryLedger(book)
    const store = new SharedStore({ ledger, clock, leaseMs })
    const heard: string[] = []
    store.listen({
      wanted: (token) => void heard.push(`wanted ${token}`),
      changed: (token, now) => void heard.push(`${token} ${now?.revision} ${JSON.stringify(now?.state)}`),
      missed: () => void heard.push('missed'),
      alone: () => {},
      lapsed: () => {},
    })
    await store.open()
    all.push({ store, heard, ledger })
  }
  const [a, b, c] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]]
  return { clock, book, a, b, c }
}
