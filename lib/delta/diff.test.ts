import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apply } from './apply.js'
import { diff } from './diff.js'
import { hunksOf } from './hunks.js'
import type { Patch } from './patch.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const key = fc.constantFrom('a', 'b', 'c', '1', '10', '4294967295', 'constructor', 'length', '')
const primitive = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom<unknown>('a', null, undefined, true, Number.NaN, -0, 0, Number.POSITIVE_INFINITY, 1n),
)
const mapKey = fc.oneof(primitive, key)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    primitive,
    tie('object'),
    tie('array'),
    tie('map'),
    tie('set'),
    tie('date'),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  array: fc.array(tie('value'), { maxLength: 6 }),
  map: fc.array(fc.tuple(mapKey, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
  set: fc
    .array(fc.oneof(primitive, primitive, primitive, tie('value')), { maxLength: 5 })
    .map((items) => new Set(items)),
  date: fc.integer({ min: 0, max: 2 }).map((time) => new Date(time)),
}))

/** As a page would list it: the order of keys and entries tells values apart. */
function listed(item: unknown): unknown {
  if (item instanceof Map) return { map: [...item].map(([key, part]) => [key, listed(part)]) }
  if (item instanceof Set) return { set: [...item].map(listed) }
  if (Array.isArray(item)) return item.map(listed)
  if (typeof item !== 'object' || item === null || item instanceof Date) return item
  return { object: Object.entries(item).map(([key, part]) => [key, listed(part)]) }
}

function freeze(item: unknown): void {
  if (typeof item !== 'object' || item === null) return
  const parts = item instanceof Map || item instanceof Set ? item.values() : Object.values(item)
  for (const part of parts) freeze(part)
  Object.freeze(item)
}

function round(before: unknown, after: unknown): Patch[] {
  freeze(before)
  freeze(after)
  const was = listed(structuredClone(before))
  const patches = diff(before, after)
  expect(listed(apply(before, patches))).toStrictEqual(listed(after))
  expect(listed(before)).toStrictEqual(was)
  return patches
}

describe('diff and apply', () => {
  test('make any value of any other, in its order', () => {
    fc.assert(
      fc.property(value, value, (before, after) => void round(before, after)),
      { numRuns: 2000, ...seeded },
    )
  })

  test('make any array of any other that has parts of it', () => {
    const parts = Array.from({ length: 8 }, (_, id) => ({ id }))
    const array = fc.array(fc.oneof(fc.constantFrom(...parts), fc.integer({ min: 0, max: 2 })), { maxLength: 14 })
    fc.assert(
      fc.property(array, array, (before, after) => void round(before, after)),
      { numRuns: 2000, ...seeded },
    )
  })

  test('say nothing of a value that is equal', () => {
    const flat = value.filter((item) => !inspect(item, { depth: 9 }).includes('Set('))
    fc.assert(fc.property(flat, (item) => void expect(diff(item, structuredClone(item))).toEqual([])))
  })

  test('carry more elements than a call takes arguments', () => {
    const many = Array.from({ length: 300_000 }, (_, index) => index)
    expect(apply([-1, -2], diff([-1, -2], [-1, ...many, -2]))).toEqual([-1, ...many, -2])
  })

  test('share what did not change', () => {
    const before = { a: { b: 1 }, c: [{ d: 1 }, { d: 2 }], e: new Map([['f', { g: 1 }]]) }
    const after = { ...before, c: [before.c[0], { d: 3 }] }
    const applied = apply(before, diff(before, after)) as typeof before
    expect(applied).toEqual(after)
    expect(applied.a).toBe(before.a)
    expect(applied.c[0]).toBe(before.c[0])
    expect(applied.e).toBe(before.e)
    expect(apply(before, [])).toBe(before)
  })

  test('replace neighbours that have nothing left as one, and compare the others inside', () => {
    expect(round([1, 2, 3, 4], [5, 6, 7, 4])).toEqual([[[], 0, 3, [5, 6, 7]]])
    expect(round([1, 2, 3], [1, 5, 3])).toEqual([[[1], 5]])
    const was = [{ id: 1, n: 1 }, { id: 2, n: 1 }, { id: 3, n: 1 }, 4]
    const is = [{ id: 1, n: 2 }, { id: 8, n: 8 }, { id: 9, n: 9 }, 4]
    expect(round(was, is)).toEqual([
      [[0, 'n'], 2],
      [[], 1, 2, is.slice(1, 3)],
    ])
  })

  test('say only what is new of a list that was read anew', () => {
    const rows = () => Array.from({ length: 100 }, (_, id) => ({ id, tags: ['a'] }))
    const more = { id: 100, tags: ['b'] }
    expect(round(rows(), [...rows(), more])).toEqual([[[], 100, 0, [more]]])
    expect(round(rows(), [more, ...rows()])).toEqual([[[], 0, 0, [more]]])
    expect(round(rows(), rows().toSpliced(50, 1))).toEqual([[[], 50, 1, []]])
    expect(round(rows(), rows())).toEqual([])
  })

  test('begin paths with the place that is given', () => {
    expect(diff({ a: 1 }, { a: 2 }, ['counter', 3])).toEqual([[['counter', 3, 'a'], 2]])
  })

  test('delete and add again the keys that stand elsewhere, and no whole numbers', () => {
    expect(round({ a: 1, b: 2, c: 3 }, { b: 2, c: 3, a: 1 })).toEqual([[['a']], [['a'], 1]])
    expect(round({ a: 1 }, { 1: 1, a: 1 })).toEqual([[['1'], 1]])
    expect(round(new Set([1, 2, 3]), new Set([1, 3]))).toEqual([[[2]]])
  })
})

describe('hunks', () => {
  test('are the least that leave the longest common order', () => {
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e']
    expect(hunksOf([a, b, c], [a, b, c])).toEqual([])
    expect(hunksOf([a, b, c, d], [d, a, b, c])).toEqual([
      { start: 0, deleted: 0, inserted: 1 },
      { start: 3, deleted: 1, inserted: 0 },
    ])
    expect(hunksOf([a, b, c, d, e], [a, c, e])).toEqual([
      { start: 1, deleted: 1, inserted: 0 },
      { start: 3, deleted: 1, inserted: 0 },
    ])
  })

  test('find every way between lists with repeated elements', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', Number.NaN, 0, -0), { maxLength: 12 })
    fc.assert(
      fc.property(list, list, (before, after) => {
        const made = [...before]
        let offset = 0
        for (const { start, deleted, inserted } of hunksOf(before, after)) {
          made.splice(start + offset, deleted, ...after.slice(start + offset, start + offset + inserted))
          offset += inserted - deleted
        }
        expect(made).toStrictEqual(after)
      }),
      { numRuns: 1000, ...seeded },
    )
  })
})
