/** What a server that is started anew does with the tabs of the one before it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { diskStore } from '../store/disk/store.js'
import type { StateStore } from '../store/store.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-keeping-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const d = defineState('d', () => ({ n: 0 })).events((on) => ({ add: on((s, by: number) => void (s.n += by)) }))

it('a tab that never comes back to a restarted server is forgotten after retainMs, one that does is not', async () => {
  const clock = new TestClock()
  const dir = join(root, 'store')
  const start = () => testHub([d], { store: diskStore({ dir, clock }), limits: { retainMs: 8000 } }, clock)
  const first = start()
  const [gone, back] = [await first.open(), await first.open()]
  for (const tab of [gone, back]) {
    await vi.waitFor(async () => expect((await tab.watch(d)).add).toBeDefined())
    await running(clock, tab.state(d).add(5))
  }
  await running(clock, first.hub.close())
  gone.drop()

  const second = start()
  back.rewire(second.hub, clock)
  await running(clock, back.reconnect())
  for (let second = 0; second < 20; second += 1) await passing(clock, 1000)
  expect(second.log.lines).toEqual([])
  await running(clock, second.hub.close())

  const store = diskStore({ dir })
  expect(await store.load(gone.token)).toBeUndefined()
  expect(await store.load(back.token)).toMatchObject({ state: { d: { n: 5 } } })
  await store.close()
})

it('tabs of which the store names some at a time are all forgotten in one sweep, also beside one that cannot be', async () => {
  const clock = new TestClock()
  const kept = new Set(Array.from({ length: 95 }, (_, n) => `${n}`.padStart(32, '0')))
  const stuck = `${90}`.padStart(32, '0')
  const asked: number[] = []
  const store: StateStore = {
    ...memoryStore(),
    unused: async (inUse) => {
      asked.push([...inUse].length)
      return [...kept].slice(0, 10)
    },
    drop: async (token) => {
      if (token === stuck) throw new Error('it cannot be dropped')
      kept.delete(token)
    },
  }
  const { hub, log } = testHub([d], { store, limits: { retainMs: 8000 } }, clock)
  await clock.advance(1_000)
  expect([...kept]).toEqual([stuck])
  expect(asked.length).toBeLessThan(15)
  expect(log.lines.join()).toContain('delete the state of an unused tab')
  await hub.close()
})

it('a state whose store does not hear that it is unused leaves the memory all the same, and the log says so', async () => {
  const store: StateStore = { ...memoryStore(), unload: () => Promise.reject(new Error('out of reach')) }
  const { hub, open, clock, log, done } = testHub([d], { store, limits: { unloadMs: 1_000 } })
  const tab = await open()
  await done((await tab.watch(d)).add(5))
  tab.drop()
  await clock.advance(120_000)
  expect(hub.instances.has(tab.token)).toBe(false)
  expect([...(Reflect.get(hub.eviction, 'idle') as Set<unknown>)]).toEqual([])
  expect(log.lines).toEqual([expect.stringMatching(/Failed to tell the store that a tab is unused .*out of reach/)])
  await tab.reconnect()
  await clock.settle()
  expect(tab.state(d).n).toBe(5)
})

/** The disk takes real time, which the clock of the test knows nothing of. */
async function running<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  let done = false
  const end = () => {
    done = true
  }
  work.then(end, end)
  while (!done) await passing(clock, 1)
  return work
}

async function passing(clock: TestClock, ms: number): Promise<void> {
  await clock.advance(ms)
  await new Promise((resolve) => setTimeout(resolve, 5))
}
