import { expect, it } from 'vitest'
import { memoryHandle } from './handles.fixture.js'
import { memoryStore } from './memory.js'
import type { StateStore, Stored } from './store.js'
import { storeSuite } from './suite.js'

/** The names of the tests that a store does not pass. */
async function failing(open: (beside?: StateStore) => StateStore): Promise<string[]> {
  const failed: string[] = []
  const tests: [string, () => Promise<void>][] = []
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (...test: (typeof tests)[number]) => void tests.push(test),
  }
  storeSuite('broken', runner, open)
  for (const [name, body] of tests) await body().catch(() => failed.push(name))
  return failed
}

const json = (value: Stored): Stored =>
  JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)))

it('a store that is sound passes', async () => {
  expect(await failing(memoryHandle)).toEqual([])
})

it.each([
  [
    'knows a token that was never saved',
    () => ({ ...memoryStore(), load: () => ({ revision: 0, state: {} }) }),
    /never saved/,
  ],
  ['takes any revision', () => lenient(), /does not follow/],
  [
    'keeps what it refused',
    () => {
      const kept = memoryStore()
      let last: Stored | undefined
      const save = (token: string, next: Stored) => {
        last = next
        return kept.save(token, next)
      }
      return { ...kept, save, load: () => last }
    },
    /does not follow/,
  ],
  [
    'keeps JSON alone',
    () => {
      const kept = memoryStore()
      return { ...kept, save: (token: string, next: Stored) => kept.save(token, json(next)) }
    },
    /every value/,
  ],
  [
    'mixes tokens',
    () => {
      const kept = memoryStore()
      return { ...kept, load: () => kept.load('a'), save: (_: string, next: Stored) => kept.save('a', next) }
    },
    /apart/,
  ],
  ['forgets nothing', () => ({ ...memoryStore(), drop: () => {} }), /after a drop/],
  ['has no owners', (beside) => beside ?? memoryStore(), /belongs to who loaded it last/],
] as [string, (beside?: StateStore) => StateStore, RegExp][])('a store that %s does not', async (_, open, name) => {
  expect(await failing(open)).toEqual(expect.arrayContaining([expect.stringMatching(name)]))
})

function lenient(): StateStore {
  const kept = new Map<string, Stored>()
  return {
    load: (token) => kept.get(token),
    read: (token) => kept.get(token),
    save: (token, next) => void kept.set(token, next),
    drop: (token) => void kept.delete(token),
    close: () => {},
  }
}
