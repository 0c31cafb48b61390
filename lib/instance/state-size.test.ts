import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../base/encode.js'
import { processLimits } from '../base/server-limits.js'
import { sizeOf } from '../base/value.js'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({
  n: 0,
  text: '',
  list: [] as unknown[],
  map: new Map<string, unknown>(),
  set: new Set<unknown>(),
  tree: { left: 'x'.repeat(1_000) } as Record<string, unknown>,
})).events((on) => ({
  write: on((s, text: string) => {
    s.text = text
  }),
  push: on((s, value: unknown) => {
    s.list.push(value)
  }),
  put: on((s, key: string, value: unknown) => {
    s.map.set(key, value)
  }),
  add: on((s, value: unknown) => {
    s.set.add(value)
  }),
  name: on((s, key: string, value: unknown) => {
    s.tree[key] = value
  }),
  double: on((s) => {
    s.tree = { left: s.tree, right: s.tree }
  }),
  replace: on((s, length: number) => {
    s.list = ['x'.repeat(length)]
  }),
  count: on((s) => {
    s.n += 1
  }),
}))

const stateBytes = 100_000
const blob = 'x'.repeat(9_000)

async function open() {
  const kit = testHub([d], { limits: { stateBytes } })
  const tab = await kit.open()
  const state = await tab.watch(d)
  return { ...kit, tab, state, instance: () => kit.hub.instance(tab.token) }
}

describe('a state that grows', () => {
  it.each<[string, (state: Awaited<ReturnType<typeof open>>['state'], at: number) => Promise<void>]>([
    ['by elements of a list', ({ push }) => push(blob)],
    ['by objects in a list', ({ push }) => push({ deep: [{ blob }] })],
    ['by many small elements', ({ push }) => push(Array.from({ length: 1_000 }, (_, n) => n))],
    ['by keys of a Map', ({ put }, at) => put(`${at}`, blob)],
    ['by long keys of a Map', ({ put }, at) => put(`${at}${blob}`, 1)],
    ['by elements of a Set', ({ add }, at) => add(`${at}${blob}`)],
    ['by long keys of empty objects in a Map', ({ put }, at) => put(`${at}${blob}`, {})],
    ['by long names of empty objects', ({ name }, at) => name(`${at}${blob}`, {})],
    ['by Maps with long keys in a list', ({ push }, at) => push(new Map([[`${at}${blob}`, 1]]))],
    ['by objects with long names in a list', ({ push }, at) => push({ [`${at}${blob}`]: [] })],
    ['by bigints in a list', ({ push }, at) => push(10n ** 9_000n + BigInt(at))],
    ['by bigints as keys of a Map', ({ push }, at) => push(new Map([[10n ** 9_000n + BigInt(at), 1]]))],
    ['by its own parts', ({ double }) => double()],
  ])('%s is refused by name before it is past its bound', async (_, grow) => {
    const { state, tab, clock, instance } = await open()
    let refused = 0
    for (let at = 0; at < 60 && refused === 0; at += 1)
      await failureOrNothing(grow(state, at), clock).then((code) => {
        if (code === undefined) return
        expect(code).toBe('state-too-large')
        refused += 1
      })
    expect(refused).toBe(1)
    expect(sizeOf(instance().state)).toBeLessThan(stateBytes * 1.05)
    expect(JSON.stringify(encode(instance().state)).length).toBeLessThan(stateBytes * 1.3)
    const counted = state.count()
    await clock.settle()
    await counted
    expect(tab.state(d).n).toBe(1)
  })

  it('takes what replaces as much as it puts in for ever', async () => {
    const { state, done } = await open()
    for (let at = 0; at < 100; at += 1) await done(state.replace(50_000))
    for (let at = 0; at < 100; at += 1) await done(state.write('x'.repeat(40_000 + at)))
  })

  it.each<[string, (s: { text: string; list: unknown[]; map: Map<string, unknown> }) => void]>([
    [
      'a field',
      (s) => {
        s.text += 'abcd'
      },
    ],
    [
      'a list',
      (s) => {
        s.list[0] += 'abcd'
      },
    ],
    ['a Map', (s) => s.map.set('a', `${s.map.get('a')}abcd`)],
  ])('counts of a text in %s that grows what is new', async (_, grow) => {
    const { hub, clock, open } = testHub([d])
    const { token } = await open()
    const long = 'x'.repeat(50_000)
    const change = async (work: typeof grow) => {
      const changed = hub.modifyState(token, d, work)
      await clock.settle()
      await changed
    }
    await change((s) => Object.assign(s, { text: long, list: [long, 'y'], map: new Map([['a', long]]) }))
    const before = hub.instance(token).bytes
    for (let at = 0; at < 20; at += 1) {
      await change(grow)
      expect(hub.instance(token).bytes - before).toBeLessThan(20 * 30)
      expect(hub.instance(token).bytes).toBeGreaterThanOrEqual(sizeOf(hub.instance(token).state))
    }
  })

  it('counts about what is there, though what was taken out is not counted', async () => {
    const { state, done, instance } = await open()
    for (let at = 0; at < 200; at += 1) await done(state.replace(10_000))
    expect(instance().bytes).toBeLessThan(200_000)
  })
})

describe('the states of all tabs', () => {
  const heapBytes = 1_600_000 / processLimits.statesOfHeap

  it('take what they may and little more, also where all of them are needed', async () => {
    const { open, clock, hub } = testHub([d], { heapBytes, limits: { newTabsBurst: 1_000 } })
    const ends: (string | undefined)[] = []
    for (let n = 0; n < 40; n += 1) {
      const state = await (await open()).watch(d)
      ends.push(await failureOrNothing(state.write('x'.repeat(90_000 + n)), clock))
    }
    expect(new Set(ends)).toEqual(new Set([undefined, 'state-too-large']))
    const bytes = [...hub.instances.values()].reduce((sum, { state }) => sum + sizeOf(state), 0)
    expect(bytes).toBeLessThan(1_800_000)
  })

  it('leave room to small ones, and to small changes of large ones', async () => {
    const { open, clock } = testHub([d], { heapBytes, limits: { newTabsBurst: 1_000 } })
    const states = []
    for (let n = 0; n < 20; n += 1) {
      const state = await (await open()).watch(d)
      await failureOrNothing(state.write('x'.repeat(90_000)), clock)
      states.push(state)
    }
    for (const state of states) expect(await failureOrNothing(state.count(), clock)).toBeUndefined()
    const late = await (await open()).watch(d)
    expect(await failureOrNothing(late.write('x'.repeat(10_000)), clock)).toBeUndefined()
    expect(await failureOrNothing(late.write('x'.repeat(50_000)), clock)).toBe('state-too-large')
  })

  it('have room again once pages have gone, where the store is elsewhere', async () => {
    const { open, clock, hub } = testHub([d], { heapBytes, store: { ...memoryStore(), inMemory: false } })
    const tabs = []
    for (let n = 0; n < 20; n += 1) {
      const tab = await open()
      tabs.push(tab)
      await failureOrNothing((await tab.watch(d)).write('x'.repeat(90_000)), clock)
    }
    const state = await (await open()).watch(d)
    expect(await failureOrNothing(state.write('x'.repeat(90_000)), clock)).toBe('state-too-large')
    for (const tab of tabs) tab.wire.stop()
    await clock.advance(hub.limits.unloadMs + 1_000)
    expect(await failureOrNothing(state.write('x'.repeat(90_000)), clock)).toBeUndefined()
  })
})

it('the store in memory counts what it keeps of pages that have gone, until it drops that', async () => {
  const heapBytes = 1_600_000 / processLimits.statesOfHeap
  const { open, clock, hub } = testHub([d], { heapBytes, limits: { newTabsBurst: 1_000, retainMs: 1_000_000 } })
  const kept = async () => {
    let bytes = 0
    for (const token of tokens) bytes += sizeOf((await hub.store.read(token))?.state ?? {})
    return bytes
  }
  const tokens: string[] = []
  for (let wave = 0; wave < 5; wave += 1) {
    const tabs = []
    for (let n = 0; n < 15; n += 1) {
      const tab = await open()
      await failureOrNothing((await tab.watch(d)).write('x'.repeat(90_000)), clock)
      tabs.push(tab)
      tokens.push(tab.token)
    }
    for (const tab of tabs) tab.wire.stop()
    await clock.advance(hub.limits.unloadMs + 1_000)
  }
  expect(hub.instances.size).toBe(0)
  expect(await kept()).toBeLessThan(2_000_000)
  await clock.advance(hub.limits.retainMs)
  expect(await kept()).toBeLessThan(tokens.length * 10)
  const late = await (await open()).watch(d)
  expect(await failureOrNothing(late.write('x'.repeat(90_000)), clock)).toBeUndefined()
})

it('the size of a value is about that of its JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value).length
      expect(sizeOf(value)).toBeGreaterThanOrEqual(json / 7) // a control character takes six in JSON
      expect(sizeOf(value)).toBeLessThanOrEqual(json * 16)
    }),
    { seed: 13, numRuns: 500 },
  )
})

async function failureOrNothing(
  work: Promise<void>,
  clock: Awaited<ReturnType<typeof open>>['clock'],
): Promise<string | undefined> {
  const failed = work.then(
    () => undefined,
    (error) => error.code as string,
  )
  await clock.settle()
  await clock.settle()
  return failed
}
