import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { decode, encode } from '../base/encode.js'
import { apply } from './apply.js'
import { diff } from './diff.js'
import { openDraft } from './draft.js'
import { BuiltIns } from './prototypes.fixture.js'
import { readonlyView } from './view.js'

// biome-ignore lint/suspicious/noExplicitAny: these tests write what no type allows, and read deep
type Loose = Record<string, any>

const value = (): Loose => ({
  grid: { row: { cell: null }, constructor: { prototype: { own: {} } }, toString: [{}] },
  list: [[], {}, new Map()],
  map: new Map<string, unknown>([
    ['a', { b: {} }],
    ['constructor', new Set([{}])],
  ]),
  set: new Set<unknown>([{}, 1]),
  date: new Date(0),
  bare: Object.assign(Object.create(null), { a: {} }),
  empty: {},
})

/** A root of each kind, and what an author may still hold of it. */
const roots: Record<string, () => { root: Loose; close?: () => unknown }> = {
  'a draft': () => {
    const draft = openDraft(value())
    return { root: draft.state, close: () => draft.commit() }
  },
  'a draft that has changed': () => {
    const draft = openDraft(value())
    draft.state.grid.row.cell = { a: {} }
    draft.state.list.push({}, [])
    draft.state.map.set('c', {})
    draft.state.set.add('x')
    draft.state.date.setTime(1)
    return { root: draft.state, close: () => draft.commit() }
  },
  'what the author has put in': () => {
    const draft = openDraft({} as Loose)
    Object.assign(draft.state, value())
    draft.state.list.push([{}])
    return { root: draft.state, close: () => draft.commit() }
  },
  'a closed draft': () => {
    const draft = openDraft(value())
    draft.close()
    return { root: draft.state }
  },
  'a view': () => ({ root: readonlyView(value()) }),
}

/** Names that any object, list, Map, Set, Date or function has; `__proto__` and the like are drawn often. */
const known = [Object, Array, Map, Set, Date, Function].flatMap((made) => [
  ...Object.getOwnPropertyNames(made),
  ...Object.getOwnPropertyNames(made.prototype),
])
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'call', 'apply', 'bind') },
  { weight: 3, arbitrary: fc.constantFrom(...known, 'getOrInsert', 'union', '__defineGetter__', '__defineSetter__') },
  { weight: 4, arbitrary: fc.constantFrom('grid', 'list', 'map', 'set', 'date', 'bare', 'row', 'a', '0', '1', '2') },
  { weight: 1, arbitrary: fc.string() },
)
const plain = fc.oneof(fc.constantFrom('yes', 0, null, undefined, '__proto__', 'prototype'), fc.json().map(read), name)
const ways = ['set', 'delete', 'define', 'describe', 'call', 'new', 'assign', 'prototype'] as const

function read(text: string): unknown {
  return JSON.parse(text)
}

type Way = (typeof ways)[number]

function write(target: Loose, key: string, way: Way, args: readonly unknown[]): unknown {
  switch (way) {
    case 'set':
      return (target[key] = args[0])
    case 'delete':
      return delete target[key]
    case 'define':
      return Object.defineProperty(target, key, { value: args[0], configurable: true, writable: true })
    case 'describe':
      return Object.defineProperty(target, key, { get: () => args[0] })
    case 'call':
      return target[key](...args)
    case 'new':
      return new target[key](...args)
    case 'assign':
      return Object.assign(target, { [key]: args[0] })
    case 'prototype':
      return Reflect.set(target, '__proto__', { [key]: args[0] })
  }
}

function walk(start: Loose, path: readonly string[], way: Way, args: readonly unknown[]): void {
  let target: unknown = start
  for (const key of path.slice(0, -1)) {
    target = (target as Loose)[key]
    // what any code reaches from a text or a number, no library can close
    if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return
  }
  write(target as Loose, path.at(-1) as string, way, args)
}

describe('names from outside', () => {
  test.each(Object.keys(roots))(
    'change no built-in and no prototype, by way of %s',
    (kind) => {
      const before = new BuiltIns()
      expect(before.size).toBeGreaterThan(500)
      const path = fc.array(name, { minLength: 1, maxLength: 6 })
      const args = fc.array(plain, { maxLength: 3 })
      fc.assert(
        fc.property(fc.array(fc.tuple(path, fc.constantFrom(...ways), args), { maxLength: 8 }), (steps) => {
          const { root, close } = (roots[kind] as (typeof roots)[string])()
          for (const step of steps) attempt(() => walk(root, ...step))
          attempt(() => close?.())
        }),
        { seed: 13, numRuns: 2000 },
      )
      expect(before.changes()).toEqual([])
    },
    60_000,
  )

  test.each(Object.keys(roots))('lead to no built-in, by way of %s', (kind) => {
    const builtIns = new BuiltIns()
    const { root } = (roots[kind] as (typeof roots)[string])()
    const boxes = [root, ...root.map.values(), ...root.set, ...root.list].filter((box) => typeof box === 'object')
    expect(boxes.flatMap((box) => reachable(box, builtIns))).toEqual([])
  })

  test.each<[path: string[]]>([
    [['__proto__', 'polluted']],
    [['grid', '__proto__', 'polluted']],
    [['grid', 'row', '__proto__', 'polluted']],
    [['empty', 'constructor', 'polluted']],
    [['empty', 'constructor', 'prototype', 'polluted']],
    [['empty', 'toString', 'polluted']],
    [['empty', 'hasOwnProperty', '__proto__', 'polluted']],
    [['list', '__proto__', 'polluted']],
    [['list', 'constructor', 'polluted']],
    [['list', 'constructor', 'prototype', 'polluted']],
    [['list', 'push', 'polluted']],
    [['list', 'push', '__proto__', 'polluted']],
    [['list', 'map', 'call', 'polluted']],
    [['list', 'map', 'bind', 'constructor', 'polluted']],
    [['map', '__proto__', 'polluted']],
    [['map', '__proto__', '__proto__', 'polluted']],
    [['map', 'constructor', 'prototype', 'polluted']],
    [['map', 'entries', 'prototype', 'polluted']],
    [['map', 'get', 'polluted']],
    [['set', '__proto__', '__proto__', 'polluted']],
    [['set', 'values', '__proto__', 'polluted']],
    [['date', '__proto__', '__proto__', 'polluted']],
    [['date', 'constructor', 'polluted']],
    [['date', 'setTime', '__proto__', 'polluted']],
    [['date', 'getTime', 'polluted']],
  ])('throw on the way %j', (path) => {
    for (const make of Object.values(roots)) {
      const before = new BuiltIns()
      expect(() => walkBlindly(make().root, path)).toThrow()
      expect(before.changes()).toEqual([])
    }
  })
})

describe('a draft or view of a plain object', () => {
  const boxes = (plain: Loose) => [openDraft(plain).state, readonlyView(plain) as Loose]

  test('has no inherited name but methods of objects, and says so', () => {
    const names = Object.getOwnPropertyNames(Object.prototype)
    const methods = 'hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf'.split(' ')
    for (const box of boxes({ a: 1 })) {
      expect(names.filter((key) => box[key] !== undefined).sort()).toEqual(methods)
      expect(names.filter((key) => key in box).sort()).toEqual(methods)
      expect([`${box}`, Object.hasOwn(box, 'a'), box.propertyIsEnumerable('b'), box.valueOf() === box]).toEqual([
        '[object Object]',
        true,
        false,
        true,
      ])
      expect(Object.hasOwn(box, 'a')).toBe(true)
      expect(Object.getPrototypeOf(box)).toBe(Object.prototype)
    }
  })

  test('has none at all if its value has no prototype', () => {
    for (const box of boxes(Object.assign(Object.create(null), { a: 1 })))
      expect([box.toString, 'toString' in box, box.a]).toEqual([undefined, false, 1])
  })

  test('has keys of any name, which are set, read, found and deleted', () => {
    const names = Object.getOwnPropertyNames(Object.prototype).filter((key) => key !== '__proto__')
    const draft = openDraft({} as Loose)
    for (const key of names) draft.state[key] = { n: 1 }
    for (const key of names) draft.state[key].n += 1
    const next = draft.commit()
    expect(Object.keys(next)).toEqual(names)
    expect(apply({}, diff({}, next))).toEqual(next)
    expect(decode(JSON.parse(JSON.stringify(encode(next))))).toEqual(next)
    const { constructor: _, ...rest } = next
    expect(apply(next, diff(next, rest))).toEqual(rest)
    for (const box of [draft.state, ...boxes(next)]) {
      expect(names.map((key) => box[key].n)).toEqual(names.map(() => 2))
      expect(names.every((key) => key in box)).toBe(true)
    }
    for (const key of names) delete draft.state[key]
    expect(draft.commit()).toEqual({})
    expect(draft.state.constructor).toBeUndefined()
  })
})

describe('a draft or view of a list, a Map, a Set or a Date', () => {
  const boxes = () =>
    ['a draft', 'a view', 'what the author has put in'].map((kind) => {
      const { list, map, set, date } = (roots[kind] as (typeof roots)[string])().root
      return [list, map, set, date]
    })
  const classes = [Array, Map, Set, Date]

  test('is one to `instanceof`, and its `constructor` makes plain ones', () => {
    for (const box of boxes())
      for (const [index, made] of classes.entries()) {
        const { constructor: Made } = box[index]
        expect(box[index]).toBeInstanceOf(made)
        expect(box[index]).toBeInstanceOf(Made)
        expect(Made.name).toBe(made.name)
        expect(Object.getPrototypeOf(new Made())).toBe(made.prototype)
        expect(Object.prototype.toString.call(box[index])).toBe(`[object ${made.name}]`)
      }
  })

  test('has the methods of its class, and finds the same names with `in`', () => {
    for (const box of boxes().slice(0, 2))
      for (const [index, made] of classes.entries())
        for (const key of [...Reflect.ownKeys(made.prototype), ...Object.getOwnPropertyNames(Object.prototype)])
          expect(key in box[index], `${made.name} ${String(key)}`).toBe(box[index][key] !== undefined)
  })

  test('lends its methods', () => {
    const { list, map, date } = openDraft(value()).state
    list.push.apply(list, [1, 2])
    expect(list.slice.call(list, -2)).toEqual([1, 2])
    expect(list.map.bind(list)(() => 0)).toHaveLength(5)
    expect(map.get.call(map, 'a')).toBe(map.get('a'))
    expect([`${date}`, date - 1, JSON.stringify(date)]).toEqual([`${new Date(0)}`, -1, JSON.stringify(new Date(0))])
    expect(`${list.push}`).toContain('push')
  })

  test('takes no property of another name', () => {
    const [draft, view] = boxes()
    for (const box of draft as Loose[])
      expect(() => (box.other = 1)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    for (const box of view as Loose[])
      expect(() => (box.other = 1)).toThrow(expect.objectContaining({ code: 'immutable-state' }))
    for (const box of boxes().flatMap(([, ...closed]) => closed))
      expect(() => Object.defineProperty(box, 'other', { value: 1 })).toThrow()
  })
})

describe('a container that the author has put in', () => {
  const put = () => {
    const own = { n: 1, list: [{ n: 1 }], map: new Map([['a', { n: 1 }]]), set: new Set([{ n: 1 }]), date: new Date(1) }
    const draft = openDraft({ list: [] } as Loose)
    draft.state.own = own
    return { own, draft, s: draft.state }
  }

  test('stays one with what is read back, both ways', () => {
    const { own, draft, s } = put()
    own.n = 2
    s.own.n += 1
    s.own.list[0].n = 2
    s.own.list.push({ n: 3 })
    s.own.map.get('a').n = 2
    s.own.map.set('b', s.own.list[1]).delete('c')
    for (const item of s.own.set) item.n = 2
    s.own.date.setTime(2)
    expect([new Date(s.own.date), structuredClone(s.own.date), s.own.date - 1]).toEqual([new Date(2), new Date(2), 1])
    own.date.setTime(7)
    expect([new Date(s.own.date), s.own.date.getTime()]).toEqual([new Date(7), 7])
    expect(() => (s.own.date.other = 1)).toThrow()
    const expected = {
      n: 3,
      list: [{ n: 2 }, { n: 3 }],
      map: new Map([
        ['a', { n: 2 }],
        ['b', { n: 3 }],
      ]),
      set: new Set([{ n: 2 }]),
      date: new Date(7),
    }
    expect(own).toEqual(expected)
    expect(own.map.get('b')).toBe(own.list[1])
    expect(draft.commit().own).toEqual(expected)
  })

  test('reads the same each time, and is found', () => {
    const { own, s } = put()
    const item = { n: 1 }
    s.list.push(item, s.own)
    s.set = new Set([item])
    expect(s.own).toBe(s.own)
    expect(s.own.list[0]).toBe(s.own.list[0])
    expect(s.own.map.get('a')).toBe([...s.own.map.values()][0])
    expect([s.list.indexOf(item), s.list.indexOf(s.list[0]), s.list.includes(own), s.list.indexOf(s.own)]).toEqual([
      0,
      0,
      true,
      1,
    ])
    expect([s.own.list.indexOf(own.list[0]), s.own.list.indexOf(s.own.list[0])]).toEqual([0, 0])
    expect([s.set.has(item), s.set.has(s.list[0]), s.own.set.has([...s.own.set][0])]).toEqual([true, true, true])
  })

  test('can be put elsewhere, inside other containers too, with drafts and views in it', () => {
    const draft = openDraft({ row: { n: 1 } } as Loose)
    const { state } = draft
    state.own = { row: state.row, view: readonlyView({ n: 2 }), map: new Map([['row', state.row]]), date: new Date(3) }
    state.list = [state.own.map, { again: state.own.map, date: state.own.date }]
    state.list = state.list.filter(() => true)
    state.row.n = 3
    const map = new Map([['row', { n: 3 }]])
    expect(draft.commit()).toEqual({
      row: { n: 3 },
      own: { row: { n: 3 }, view: { n: 2 }, map, date: new Date(3) },
      list: [map, { again: map, date: new Date(3) }],
    })
  })
})

describe('a method of a newer engine', () => {
  afterEach(() => {
    for (const made of [Array, Map, Set, Date]) Reflect.deleteProperty(made.prototype, 'later')
    for (const key of ['getOrInsert', 'getOrInsertComputed'])
      if (Reflect.get(Map.prototype, key) === stand) Reflect.deleteProperty(Map.prototype, key)
    vi.resetModules()
  })
  const stand = () => 'the engine'
  const define = (made: { prototype: object }, key: string, method: unknown) =>
    Object.defineProperty(made.prototype, key, { value: method, configurable: true, writable: true })
  const fresh = async () => {
    vi.resetModules()
    const { openDraft } = await import('./draft.js')
    const { readonlyView } = await import('./view.js')
    return { draft: openDraft(value()).state, view: readonlyView(value()) }
  }

  test('works on lists and Dates, and is refused by name where it would look into an empty Map or Set', async () => {
    function later(this: Loose) {
      return this.length ?? this.getTime()
    }
    for (const made of [Array, Map, Set, Date]) define(made, 'later', later)
    const { draft, view } = await fresh()
    for (const box of [draft, view]) {
      expect([box.list.later(), box.date.later()]).toEqual([3, 0])
      for (const name of ['map', 'set'])
        expect(() => box[name].later()).toThrow(
          expect.objectContaining({ code: 'invalid-value', message: expect.stringMatching(/(Map|Set)\.later\(\)/) }),
        )
      expect(Object.isFrozen(box.list.later)).toBe(true)
      expect(box.list.later).not.toBe(later)
    }
  })

  test('puts into the draft of a Map what is missing, and nothing into a view', async () => {
    for (const key of ['getOrInsert', 'getOrInsertComputed']) if (!(key in Map.prototype)) define(Map, key, stand)
    const { draft, view } = await fresh()
    draft.map.getOrInsert('new', { n: 1 }).n = 2
    expect([draft.map.get('new').n, draft.map.getOrInsert('new', 3).n]).toEqual([2, 2])
    expect(draft.map.getOrInsertComputed('made', (key: string) => `${key}!`)).toBe('made!')
    expect(() => view.map.getOrInsert('new', 1)).toThrow(expect.objectContaining({ code: 'immutable-state' }))
  })
})

/** The ways by names from `start` to what any code may write to, or to what all code shares. */
function reachable(start: Loose, builtIns: BuiltIns): string[] {
  const names = [...new Set([...known, ...Object.keys(value()), '0', '1', 'a', 'b', 'row', 'cell', 'own'])]
  const found: string[] = []
  const seen = new Set<unknown>()
  const visit = (target: Loose, path: readonly string[]): void => {
    if (seen.has(target)) return
    seen.add(target)
    const isFunction = typeof target === 'function'
    if (builtIns.has(target) || (isFunction && !Object.isFrozen(target))) found.push(path.join('.'))
    else if (path.length < 5)
      for (const key of names) {
        const next = lookedUp(target, key)
        if ((typeof next === 'object' && next !== null) || typeof next === 'function')
          visit(next as Loose, [...path, key])
      }
  }
  visit(start, [])
  return found
}

function lookedUp(target: Loose, key: string): unknown {
  try {
    return target[key]
  } catch {
    return undefined
  }
}

function attempt(work: () => unknown): void {
  try {
    work()
  } catch {
    // most of it throws
  }
}

function walkBlindly(root: Loose, path: readonly string[]): void {
  const target = path.slice(0, -1).reduce((box, key) => box[key], root)
  target[path.at(-1) as string] = 'yes'
}
