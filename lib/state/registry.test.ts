import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { Registry } from './registry.js'
import { stub } from './stub.js'

const version = (by: number) =>
  defineState('d', () => ({ n: 0 }))
    .tasks((background) => ({
      count: background(async ({ update, sleep }) => {
        for (;;) {
          await update((s) => (s.n += 1))
          await sleep(100)
        }
      }),
    }))
    .events((on) => ({
      add: on((s) => {
        s.n += by
      }),
    }))
const module = (source: string, ...definitions: unknown[]) => ({
  source,
  exports: Object.fromEntries(definitions.map((d, index) => [`e${index}`, d])),
})

describe('a registry', () => {
  it('refuses two definitions of one id, and names both places', () => {
    const registry = new Registry()
    expect(() =>
      registry.replace([module('app/a.state.ts', version(1)), module('app/b.state.ts', version(1))]),
    ).toThrow(
      expect.objectContaining({
        code: 'duplicate-id',
        message: expect.stringMatching(/"d".*app\/a\.state\.ts.*app\/b\.state\.ts/),
      }),
    )
  })

  it('takes one definition that is exported twice, also by two modules', () => {
    const d = version(1)
    const registry = new Registry()
    registry.replace([module('a', d, d), module('b', d)])
    expect(registry.has('d')).toBe(true)
  })

  it('passes over exports that are no definitions', () => {
    const registry = new Registry()
    registry.replace([module('a', null, 5, () => {}, {}, stub(version(1).manifest), version(1))])
    expect(registry.has('d')).toBe(true)
  })

  it('keeps the old definitions when a replacement fails', () => {
    const registry = new Registry()
    const d = version(1)
    registry.replace([module('a', d)])
    const broken = defineState('d', () => ({ x: 1 })).events((on) => ({ x: on(() => {}) }))
    expect(() => registry.replace([module('a', version(2)), module('b', broken)])).toThrow()
    expect(() => registry.replace([module('b', broken)])).toThrow(expect.objectContaining({ code: 'duplicate-member' }))
    expect(registry.get('d')).toBe(d)
  })

  it('names the module whose first values cannot be made', () => {
    const throws = defineState('d', () => {
      throw new Error('no price list')
    })
    const twice = defineState('d', () => ({ x: 1 })).events((on) => ({ x: on(() => {}) }))
    for (const [broken, code, why] of [
      [throws, 'invalid-definition', 'no price list'],
      [twice, 'duplicate-member', 'State "d" has two members named "x"'],
    ] as const)
      expect(() => new Registry().replace([module('app/b.state.ts', broken)])).toThrow(
        expect.objectContaining({
          code,
          message: expect.stringContaining(`The state module app/b.state.ts cannot be used: ${why}`),
        }),
      )
  })

  it('refuses what is no definition, and a stub, when it is added', () => {
    const registry = new Registry()
    for (const wrong of [undefined, {}, stub(version(1).manifest)])
      expect(() => registry.add(wrong)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })

  it('says which states there are when one is unknown, and prints no more than a line of what was asked for', () => {
    const registry = new Registry()
    registry.add(version(1))
    expect(() => registry.get('x'.repeat(10_000))).toThrow(/"d"/)
    try {
      registry.get('x'.repeat(10_000))
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200)
    }
  })
})

describe('a replacement', () => {
  it('changes handlers, and keeps values and running tasks', async () => {
    const { hub, clock, open } = testHub([])
    hub.registry.replace([module('a', version(1))])
    const tab = await open()
    const d = version(1)
    const state = await tab.watch(d)
    await done(clock, state.add())
    await done(clock, state.count.start())
    await clock.advance(20)
    expect(tab.state(d).n).toBe(2)
    hub.registry.replace([module('a', version(100))])
    await done(clock, state.add())
    expect(tab.state(d).n).toBe(102)
    await clock.advance(200)
    expect(tab.state(d)).toMatchObject({ n: 104, count: { running: 1 } })
    await done(clock, state.count.cancel())
  })

  it('gives a new field its first value, and forgets a removed one without refusing the next change', async () => {
    const { hub, clock, open } = testHub([])
    const before = defineState('d', () => ({ n: 0, old: 'x' })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
    const after = defineState('d', () => ({ n: 0, fresh: 'y' })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
    hub.registry.replace([module('a', before)])
    const tab = await open()
    const state = await tab.watch(before)
    await done(clock, state.add())
    hub.registry.replace([module('a', after)])
    await done(clock, state.add())
    expect(tab.state(after)).toMatchObject({ n: 2, fresh: 'y' })
    expect(tab.state(after)).not.toHaveProperty('old')
  })

  it('gives a tab that comes back the new fields at once', async () => {
    const { hub, open } = testHub([])
    hub.registry.replace([
      module(
        'a',
        defineState('d', () => ({ n: 0 })),
      ),
    ])
    const tab = await open()
    const after = defineState('d', () => ({ n: 0, fresh: 'y' }))
    await tab.watch(after)
    hub.registry.replace([module('a', after)])
    tab.drop()
    await tab.reconnect()
    expect(tab.state(after)).toMatchObject({ n: 0, fresh: 'y' })
  })

  it('that removes a state answers calls to it with unknown-definition, and disturbs no other', async () => {
    const { hub, clock, open } = testHub([])
    const other = defineState('other', () => ({ n: 0 })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
    hub.registry.replace([module('a', version(1)), module('b', other)])
    const tab = await open()
    const gone = await tab.watch(version(1))
    const state = await tab.watch(other)
    hub.registry.replace([module('b', other)])
    expect(await failure(clock, gone.add())).toMatchObject({ code: 'unknown-definition' })
    await done(clock, state.add())
    expect(tab.state(other).n).toBe(1)
  })

  it('reaches tabs at once with computed values that changed', async () => {
    const { hub, clock, open } = testHub([])
    const first = defineState('d', () => ({ n: 1 })).computed({ x: (s) => s.n * 2 })
    hub.registry.replace([module('a', first)])
    const tab = await open()
    await tab.watch(first)
    hub.registry.replace([module('a', defineState('d', () => ({ n: 1 })).computed({ x: (s) => s.n * 3 }))])
    await clock.advance(100)
    expect(tab.state(first).x).toBe(3)
  })

  it('reaches tabs at once with new fields and tasks, and with a state that was not defined before', async () => {
    const { hub, clock, open } = testHub([])
    const first = defineState('d', () => ({ n: 1 }))
    hub.registry.replace([module('a', first)])
    const tab = await open()
    await tab.watch(first)
    const later = defineState('later', () => ({ n: 7 }))
    await tab.watch(later).catch(() => {})
    const next = defineState('d', () => ({ n: 1, fresh: 'y' })).tasks((background) => ({
      job: background(async () => {}),
    }))
    hub.registry.replace([module('a', next), module('b', later)])
    await clock.advance(100)
    expect(tab.state(next)).toMatchObject({ n: 1, fresh: 'y', job: { running: 0 } })
    expect(tab.state(later)).toMatchObject({ n: 7 })
  })
})
