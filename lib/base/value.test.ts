import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { copyValue } from './copy.js'
import { formatPath, kindOf, MapKey } from './value.js'

const withHole = () => Object.assign([1], { 2: 3 })

describe('copyValue', () => {
  test('copies everything that may live in state', () => {
    const bare = Object.assign(Object.create(null), { a: 1 })
    const value = {
      bare,
      list: [undefined, null, Number.NaN, -0, Number.NEGATIVE_INFINITY, 1n, 'text', true],
      date: new Date(1),
      map: new Map<unknown, unknown>([
        [1n, { a: 1 }],
        [undefined, [2]],
      ]),
      set: new Set<unknown>([{ a: 1 }, 2]),
    }
    const copy = copyValue(value, []) as typeof value
    expect(copy).toStrictEqual(value)
    expect(copy).not.toBe(value)
    expect(copy.map.get(1n)).not.toBe(value.map.get(1n))
    expect(Object.getPrototypeOf(copy.bare)).toBe(null)
  })

  test('refuses the rest, naming its place', () => {
    class Custom {}
    const cycle: unknown[] = []
    cycle.push({ cycle })
    const cases: [unknown, string][] = [
      [{ a: [() => 1] }, 'counter.a[0]'],
      [{ a: Symbol('s') }, 'counter.a'],
      [{ a: new Custom() }, 'counter.a cannot hold an instance of Custom'],
      [{ a: new (class extends Map {})() }, 'counter.a'],
      [{ 'a b': /x/ }, 'counter["a b"]'],
      [new Map([[{}, 1]]), 'counter'],
      [new Map([[{ constructor: { name: 'any text' } }, 1]]), 'counter cannot hold an object that is not plain'],
      [{ a: Object.assign(new Custom(), { constructor: null }) }, 'counter.a cannot hold an instance of Custom'],
      [new Map([['k', () => 1]]), 'counter.get("k")'],
      [new Set([() => 1]), 'counter.(an element)'],
      [
        {
          get a() {
            return 1
          },
        },
        'counter.a',
      ],
      [{ [Symbol('s')]: 1 }, 'counter'],
      [JSON.parse('{"__proto__": 1}'), 'counter'],
      [withHole(), 'counter[1]'],
      [cycle, 'counter[0].cycle'],
      [() => 1, 'counter'],
    ]
    for (const [value, place] of cases)
      expect(() => copyValue(value, ['counter']), place).toThrow(
        expect.objectContaining({ code: 'invalid-value', message: expect.stringContaining(place) }),
      )
  })

  test('takes what stands for a value', () => {
    const seen: unknown[] = []
    const copy = copyValue({ a: [{ b: 1 }, new Date(0)] }, ['x'], (item, path, holders) => {
      if (!(item instanceof Date)) return undefined
      seen.push([...path], holders.length)
      return { value: 'a date' }
    })
    expect(copy).toEqual({ a: [{ b: 1 }, 'a date'] })
    expect(seen).toEqual([['x', 'a', 1], 2])
  })
})

test('a path reads as an author would write it', () => {
  expect(formatPath([])).toBe('The state')
  expect(formatPath(['counter', 'rows', 3, 'größe', 'a b', '1a', new MapKey('x'), new MapKey(2n), null])).toBe(
    'counter.rows[3].größe["a b"]["1a"].get("x").get(2n)[null]',
  )
})

test('a class is no kind of value', () => {
  expect(kindOf(new (class extends Date {})())).toBe('invalid')
  expect(kindOf(Object.create({}))).toBe('invalid')
  expect(kindOf(Object.create(null))).toBe('object')
})

test('plain objects of another realm are plain', () => {
  const elsewhere = runInNewContext('({ a: { b: 1 }, list: [{ c: 2 }] })') as object
  expect(copyValue(elsewhere, ['x'])).toEqual({ a: { b: 1 }, list: [{ c: 2 }] })
  const odd = Object.create(Object.create(null, { constructor: { value: { name: 'Object' } } }))
  expect(() => copyValue(odd, ['x'])).toThrow('x')
})

describe('a refusal', () => {
  afterEach(() => void vi.unstubAllEnvs())
  const words = (value: unknown) => {
    try {
      copyValue({ at: value }, ['link'])
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing was refused'
  }

  test('says in development what to write instead', () => {
    expect(words(new URL('https://example.org'))).toContain(
      'link.at cannot hold an instance of URL. Use String(value).',
    )
    expect(words(withHole())).toContain('link.at[1] cannot hold a hole in an array. Fill it')
    expect(words(new Map([[{}, 1]]))).toContain('Use strings or numbers as keys.')
    expect(words(new (class extends Date {})())).toContain('Use new Date(value).')
    expect(words(Object.create({}))).toContain('Use a plain object')
    expect(words(new File([], 'cat.png'))).toContain(
      'the file "cat.png" (send it with fetch: docs/recipes/upload.md). State',
    )
  })

  test('says in production what state holds', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(words(new URL('https://example.org'))).toMatch(
      /^link\.at cannot hold an instance of URL\. State can hold JSON values/,
    )
  })

  test('of a cycle names the place where it begins, and not all of it', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(words(cycle)).toContain('link.at.self cannot hold the object that contains it (link.at): a cycle. Use ids')
    const deep = Array.from({ length: 300 }).reduce<object>((inner) => ({ inner }), {})
    expect(words(deep)).toMatch(/^link\.at\.inner.*… cannot hold nesting deeper than 200 levels or a cycle\. Use ids/)
    expect(words(deep).length).toBeLessThan(400)
  })

  test('comes to a bigint of more digits than a message can carry', () => {
    expect(words(10n ** 20_000n)).toContain(
      'link.at cannot hold a bigint of more than 10000 digits. Use String(value).',
    )
    expect(words(-(10n ** 9_000n))).toBe('nothing was refused')
  })
})

test.each([
  ['a Map', 'new Map([["a", { b: [1] }]])', new Map([['a', { b: [1] }]])],
  ['a Set', 'new Set([1, 2])', new Set([1, 2])],
  ['a Date', 'new Date(5)', new Date(5)],
  ['a list', '[1, { a: 2 }]', [1, { a: 2 }]],
])('%s of another realm becomes one of this', (_, code, expected) => {
  const copy = copyValue({ v: runInNewContext(code) }, ['x']) as { v: object }
  expect(copy.v).toEqual(expected)
  expect(Object.getPrototypeOf(copy.v)).toBe(Object.getPrototypeOf(expected))
})

test.each([
  'new (class Foo {})()',
  'new (class Foo extends Map {})()',
  'new (class Foo extends Date {})()',
  '/x/',
  'new Uint8Array(1)',
  'Object.create(Map.prototype)',
])('%s of another realm is refused by name', (code) => {
  expect(() => copyValue({ v: runInNewContext(code) }, ['x'])).toThrow(/x\.v cannot hold an instance of/)
})
