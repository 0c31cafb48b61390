/** States that were saved by the code of an earlier deploy. */
import { describe, expect, it } from 'vitest'
import { type Definition, defineState } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import { done } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'
import { TestTab, testHub } from '../testing/kit.js'

const first = defineState('d', () => ({ name: 'Ada', tags: 'a,b', count: 0, old: 1 })).events((on) => ({
  set: on((s, count: number) => {
    s.count = count
  }),
}))

/** A state saved by `first`, and what another deploy makes of it. */
async function deployed(next: Definition) {
  const store = memoryStore()
  const before = testHub([first], { store })
  const tab = await before.open()
  await done(before.clock, (await tab.watch(first)).set(7))
  await before.clock.advance(50)
  const { hub, clock, log } = testHub([next], { store }, new TestClock(2))
  const again = new TestTab(hub, clock, tab.browser, tab.signedToken)
  again.connect()
  await clock.settle()
  await again.watch(next)
  await clock.advance(50)
  return { state: again.state(next) as unknown as Record<string, unknown>, tab: again, hub, clock, log }
}

describe('a state of an earlier deploy', () => {
  it('is as it was when nothing about its fields has changed', async () => {
    const { state, log, hub, tab } = await deployed(first)
    expect(state).toMatchObject({ name: 'Ada', tags: 'a,b', count: 7, old: 1 })
    expect([log.lines, hub.instance(tab.token).revision]).toEqual([[], 1])
  })

  it('keeps the fields that still fit; one of another kind begins anew, and the log says so once', async () => {
    const { state, log, tab, clock, hub } = await deployed(
      defineState('d', () => ({ name: 'Bob', tags: ['x'], count: 0, fresh: true })),
    )
    expect(state).toMatchObject({ name: 'Ada', tags: ['x'], count: 7, fresh: true })
    expect(state).not.toHaveProperty('old')
    await hub.modifyState(tab.token, { id: 'd' } as never, (s: { count: number }) => void (s.count = 8))
    await clock.advance(50)
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn: Fields of state "d" .* are reset to their first values: tags\..*version\(2,/),
    ])
  })

  it('is migrated by its author', async () => {
    const next = defineState('d', () => ({ name: '', tags: [] as string[], count: 0 })).version(
      2,
      (fields, version) => ({
        ...fields,
        tags: (fields.tags as string).split(','),
        count: (fields.count as number) + version,
      }),
    )
    const { state, log } = await deployed(next)
    expect(state).toMatchObject({ name: 'Ada', tags: ['a', 'b'], count: 8 })
    expect(log.lines).toEqual([])
  })

  it('keeps what fits when the migration throws, and says why', async () => {
    const next = defineState('d', () => ({ name: '', tags: [] as string[], count: 0 })).version(2, () => {
      throw new Error('not yet written')
    })
    const { state, log } = await deployed(next)
    expect(state).toMatchObject({ name: 'Ada', tags: [], count: 7 })
    expect(log.lines[0]).toMatch(/could not be migrated from version 1.*not yet written/)
  })

  it('may hold anything in a field that is null at first', async () => {
    const nullable = defineState('d', () => ({ name: null as null | string, tags: 'x', count: 0 }))
    const { state, log } = await deployed(nullable)
    expect([state.name, log.lines]).toEqual(['Ada', []])
  })
})

it.each([0, 1.5, -1, '2'])('a version %j is refused', (version) => {
  expect(() => defineState('d', () => ({})).version(version as number)).toThrow(/positive integer/)
})
