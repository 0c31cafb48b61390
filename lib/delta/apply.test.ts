import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeldStateError } from '../base/errors.js'
import { apply } from './apply.js'
import type { Patch } from './patch.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const state = () => ({
  list: [{ n: 1 }],
  map: new Map([['a', 1]]),
  set: new Set([1]),
  date: new Date(0),
  text: 'a',
  nothing: null,
})

const misfits: unknown[] = [
  [['missing', 'a'], 1],
  [['missing']],
  [['text', 'a'], 1],
  [['text', 'length'], 1],
  [['nothing', 'a'], 1],
  [['date', 'a'], 1],
  [['list', 1], 1],
  [['list', 1, 'n'], 1],
  [['list', -1], 1],
  [['list', 0.5], 1],
  [['list', '0'], 1],
  [['list', 'length'], 0],
  [['list', 0]],
  [['list'], 0, 2, []],
  [['list'], -1, 1, []],
  [['list'], 0.5, 0, []],
  [['list'], Number.NaN, 0, []],
  [['list'], 0, -1, []],
  [['list'], 0, 1, 'ab'],
  [['map'], 0, 0, []],
  [['map', 'b']],
  [['map', 'b', 'c'], 1],
  [['map', {}], 1],
  [['set', 2]],
  [['set', 1, 'a'], 1],
  [['set', {}], true],
  [['__proto__', 'polluted'], true],
  [['__proto__'], { polluted: true }],
  [['__proto__']],
  [['constructor', 'prototype', 'polluted'], true],
  [['list', '__proto__', 'polluted'], true],
  [['list', 'constructor', 'polluted'], true],
  [['map', '__proto__', 'polluted'], true],
  [['toString', 'polluted'], true],
  [['toString']],
  [[Symbol.iterator], 1],
  [[{ toString: () => '__proto__' }, 'polluted'], true],
  [[]],
]

test('refuses a patch that does not fit, and leaves the value as it was', () => {
  for (const misfit of misfits) {
    const value = state()
    expect(() => apply(value, [misfit as Patch]), JSON.stringify(misfit)).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    )
    expect(value).toEqual(state())
  }
})

test('never touches a prototype, nor throws anything unnamed, whatever the patches', () => {
  const key = fc.oneof(
    fc.constantFrom<unknown>(
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'list',
      'map',
      'set',
      'length',
      0,
      1,
      'n',
      'a',
    ),
    fc.anything({ maxDepth: 1 }),
  )
  const path = fc.array(key, { maxLength: 4 })
  const patch = fc.oneof(
    fc.tuple(path),
    fc.tuple(path, fc.anything({ maxDepth: 1 })),
    fc.tuple(
      path,
      fc.oneof(fc.integer({ min: -2, max: 3 }), fc.anything({ maxDepth: 0 })),
      fc.integer({ min: -2, max: 3 }),
      fc.anything({ maxDepth: 1 }),
    ),
  )
  const before = Reflect.ownKeys(Object.prototype)
  fc.assert(
    fc.property(fc.array(patch, { maxLength: 3 }), (patches) => {
      const value = state()
      try {
        apply(value, patches as never)
      } catch (error) {
        expect(error).toBeInstanceOf(HeldStateError)
      }
      expect(value).toEqual(state())
      expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
      expect(Object.prototype.constructor).toBe(Object)
    }),
    { numRuns: 1000, ...seeded },
  )
})

test('sets an own property of any other name', () => {
  const value = apply({}, [
    [['constructor'], { a: 1 }],
    [['constructor', 'a'], 2],
  ]) as object
  expect(Object.entries(value)).toEqual([['constructor', { a: 2 }]])
})

test('copies a container once, and never one that a patch brings', () => {
  const items = [{ n: 1 }]
  const value = apply({ list: [] }, [
    [['list'], 0, 0, items],
    [['list', 0, 'n'], 2],
    [['own'], items],
    [['own', 0, 'n'], 3],
  ])
  expect(value).toEqual({ list: [{ n: 2 }], own: [{ n: 3 }] })
  expect(items).toEqual([{ n: 1 }])
})
