import { afterEach, expect, it } from 'vitest'
import { BuiltIns } from '../delta/prototypes.fixture.js'
import { defineState } from '../doors/authors.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

// biome-ignore lint/suspicious/noExplicitAny: names come from outside, so no type knows what they lead to
type Loose = any

const builtIns = new BuiltIns()

afterEach(() => {
  expect(builtIns.changes()).toEqual([])
})

const d = defineState('d', () => ({
  grid: { a: { b: 'c' } } as Loose,
  list: [[1], {}] as Loose,
  map: new Map([['a', {}]]) as Loose,
  set: new Set([1]) as Loose,
  date: new Date(0) as Loose,
  seen: '',
  chosen: ['a', 'b'],
}))
  .computed({
    cell: (s) => String(s.grid[s.chosen[0] as string]?.[s.chosen[1] as string]),
    spoiled: (s) => {
      const [first, second] = s.chosen as [string, string]
      if (first !== 'a') s.grid[first][second].polluted = 'yes'
    },
  })
  .tasks((background) => ({
    spoil: background(async (self, path: string[]) => {
      follow(self.state, path)
    }),
    spoilLater: background(async (self, path: string[]) => {
      const held = await self.lock()
      const s = held.state as Loose
      s.grid = { a: { b: 'c' } }
      await held[Symbol.asyncDispose]()
      follow(s, path)
    }),
  }))
  .events((on) => ({
    place: on((s, row: string, col: string, v: string) => {
      s.grid[row][col] = v
    }),
    placeNew: on((s, row: string, col: string, v: string) => {
      s.grid = {}
      s.grid[row] ??= {}
      s.grid[row][col] = v
    }),
    follow: on((s, ...path: string[]) => follow(s, path)),
    choose: on((s, ...chosen: string[]) => {
      s.chosen = chosen
    }),
    guess: on({ optimistic: true }, (s, row: string, col: string, v: string) => {
      s.grid[row][col] = v
    }),
  }))

function follow(state: object, path: readonly string[]): void {
  const target = path.slice(0, -1).reduce((value: Loose, key) => value[key], state)
  target[path.at(-1) as string] = 'yes'
}

async function open() {
  const kit = testHub([d])
  const tab = await kit.open()
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d) }
}

it.each(['place', 'placeNew', 'guess'] as const)(
  'fails "%s" where a row is a prototype, and nothing else',
  async (event) => {
    const { clock, state, d } = await open()
    expect((await failure(clock, state[event]('__proto__', 'polluted', 'yes'))).code).toMatch(
      /handler-failed|invalid-value/,
    )
    expect(({} as Loose).polluted).toBeUndefined()
    await done(clock, state.place('a', 'constructor', 'own'))
    expect(d().grid.a.constructor).toBe('own')
    await done(clock, state.placeNew('constructor', 'toString', 'own'))
    expect(d().grid).toEqual({ constructor: { toString: 'own' } })
  },
)

it.each([
  [['__proto__', 'polluted']],
  [['grid', 'a', '__proto__', 'polluted']],
  [['list', '__proto__', 'polluted']],
  [['list', '0', 'push', 'polluted']],
  [['map', '__proto__', 'polluted']],
  [['set', 'add', '__proto__', 'polluted']],
  [['date', 'constructor', 'prototype', 'polluted']],
])('fails a call whose names are %j', async (path) => {
  const { clock, state, tab } = await open()
  expect(await failure(clock, state.follow(...path))).toMatchObject({ code: 'handler-failed' })
  await done(clock, state.spoil.start(path))
  await done(clock, state.spoilLater.start(path))
  await clock.advance(0)
  expect([tab.state(d).spoil.outcome, tab.state(d).spoilLater.outcome]).toEqual(['failed', 'failed'])
})

it('computes nothing from a prototype, and writes to none', async () => {
  const { clock, state, d } = await open()
  for (const chosen of [
    ['__proto__', 'toString'],
    ['constructor', 'prototype'],
    ['toString', '__proto__'],
  ]) {
    await done(clock, state.choose(...chosen))
    expect([d().cell, d().spoiled]).toEqual(['undefined', undefined])
  }
})

it('keeps a state whose id is a name that all objects have', async () => {
  const odd = defineState('constructor', () => ({ n: 0 })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
  const { clock, hub, open, crash } = testHub([odd])
  const tab = await open()
  const state = await tab.watch(odd)
  expect(tab.state(odd).n).toBe(0)
  await done(clock, state.add())
  expect(tab.state(odd).n).toBe(1)
  crash()
  await done(clock, tab.reconnect())
  await done(clock, state.add())
  expect(tab.state(odd).n).toBe(2)
  expect(hub.registry.has('constructor')).toBe(true)
})

it('leaves out a computed value with a key "__proto__", and goes on', async () => {
  const parsed = defineState('parsed', () => ({ text: '{}' }))
    .computed({ value: (s) => JSON.parse(s.text) as Loose })
    .events((on) => ({ set: on((s, text: string) => void (s.text = text)) }))
  const { clock, open, log } = testHub([parsed])
  const tab = await open()
  const state = await tab.watch(parsed)
  await done(clock, state.set('{"__proto__":{"polluted":"yes"}}'))
  expect([tab.state(parsed).text.length, tab.state(parsed).value]).toEqual([32, undefined])
  expect(log.lines.join()).toContain('Computed "value" of state "parsed" threw')
  await done(clock, state.set('{"constructor":1}'))
  expect(tab.state(parsed).value).toEqual({ constructor: 1 })
})
