/** Hubs over one coordinator in memory, and a tab at the first of them. */

import { sharedStore } from '../cluster/shared-store.js'
import type { Definition } from '../state/definition.js'
import type { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import { mortalClock } from '../testing/mortal-clock.js'
import type { HubOptions } from './options.js'

/** `limits` are those of the hubs; each process lives for a second after it was heard of last. */
export async function openNodes<D extends Definition>(
  clock: TestClock,
  definition: D,
  { count = 2, limits = {} }: { readonly count?: number; readonly limits?: HubOptions['limits'] } = {},
) {
  const book = new MemoryCoordinatorState(clock)
  const start = () => {
    const own = mortalClock(clock)
    const store = sharedStore({ coordinator: memoryCoordinator(book), clock: own, leaseMs: 1000 })
    const kit = testHub([definition], { store, limits }, clock)
    /** `kill -9`: its clock and its messages end. */
    const kill = () => {
      own.die()
      const node = book.nodes.get(store.node)
      if (node) node.listener = undefined
    }
    return { ...kit, store, kill }
  }
  const nodes = Array.from({ length: count }, start)
  await clock.advance(0)
  const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]]
  const tab = await a.open()
  const state = await tab.watch(definition)
  await clock.advance(0)
  const move = async (to: (typeof nodes)[0]) => {
    tab.rewire(to.hub, clock)
    await tab.reconnect()
    await clock.advance(0)
  }
  const end = async <T>(work: Promise<T>, ms = 100) => {
    const ended = work.then(
      (value) => ({ value }),
      (error) => ({ error: error.code as string }),
    )
    await clock.advance(ms)
    return Promise.race([ended, Promise.resolve('waits' as const)])
  }
  return { a, b, c, book, tab, state, now: () => tab.state(definition), move, end, start }
}
