/** While a process of an earlier version lives, it can read what is saved: no splices of texts. */
import { expect, it } from 'vitest'
import type { Stored } from '../store/store.js'
import { memoryCoordinator } from '../testing/memory-coordinator.js'
import { nodes, stored } from './nodes.fixture.js'
import { SharedStore } from './shared-store.js'

const long = 'The quick brown fox. '.repeat(100)
const chat = (revision: number, text: string): Stored => ({
  ...stored(revision),
  state: { chat: { text, messages: [{ text: long.repeat(10) }, { text, n: revision }] } },
})

/** Patches with parts that an earlier version refuses to read. */
const unreadable = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts)
    .filter(([key]) => /^field\0[^\0]*\0[^\0]*\0\d/.test(key))
    .filter(([, text]) => {
      const patches = JSON.parse(text) as unknown
      return !Array.isArray(patches) || patches.some((patch) => patch.length === 4 && !Array.isArray(patch[3]))
    })

it('texts are spliced again once it has gone, and whole where it came back', async () => {
  const { clock, book, a, b } = await nodes(2)
  const old = 'f00d'.repeat(8)
  const beat = () => b.coordinator.heartbeat(old, 10_000, 10_000)
  const texts = () => book.entries.get('t')?.texts ?? {}
  await a.store.load('t')
  await a.store.save('t', chat(1, long))
  await a.store.save('t', chat(2, `${long}one`))
  expect(unreadable(texts())).toHaveLength(2)

  await beat()
  await clock.advance(1_000)
  await a.store.save('t', chat(3, `${long}one two`))
  expect(unreadable(texts())).toEqual([])
  await a.store.save('t', chat(4, `${long}one two three`))
  expect(unreadable(texts())).toEqual([])

  await b.coordinator.leave(old)
  await clock.advance(1_000)
  await a.store.save('t', chat(5, `${long}one two three four`))
  await a.store.save('t', chat(6, `${long}one two three four five`))
  expect(unreadable(texts()).length).toBeGreaterThanOrEqual(2)
  expect(await b.store.read('t')).toEqual(chat(6, `${long}one two three four five`))
})

it('a process that starts while it lives writes nothing else from its first save on', async () => {
  const { clock, book, a } = await nodes(1)
  await a.coordinator.heartbeat('f00d'.repeat(8), 10_000, 10_000)
  const store = new SharedStore({ coordinator: memoryCoordinator(book), clock, leaseMs: 1_000 })
  await store.load('t')
  await store.save('t', chat(1, long))
  await store.save('t', chat(2, `${long}one`))
  expect(unreadable(book.entries.get('t')?.texts ?? {})).toEqual([])
})
