/**
 * Drafts and views stand for plain values: what the standard library and the helper libraries of everyday code do with
 * them comes to the same, is put into state like the same, or is refused by name.
 */
import { inspect, isDeepStrictEqual, types } from 'node:util'
import { serialize } from 'node:v8'
import * as dates from 'date-fns'
import dayjs from 'dayjs'
import * as toolkit from 'es-toolkit'
import { produce } from 'immer'
import lodash from 'lodash'
import { describe, expect, test } from 'vitest'
import { copyValue } from '../base/copy.js'
import { HeldStateError } from '../base/errors.js'
import { openDraft } from './draft.js'
import { plain } from './plain.js'
import { readonlyView } from './view.js'

// biome-ignore lint/suspicious/noExplicitAny: these tests call what no type allows, and read deep
type Loose = Record<PropertyKey, any>
type Use = (s: Loose) => unknown

const value = (): Loose => ({
  n: 1,
  text: 'held',
  list: [3, 1, 2],
  rows: [
    { id: 2, tags: ['b'] },
    { id: 1, tags: ['a', 'c'] },
  ],
  mixed: ['x', null, undefined, [1, [2]], new Date(5)],
  row: { id: 7, deep: { n: 1 }, when: new Date(60_000) },
  bare: Object.assign(Object.create(null), { a: { b: 1 } }),
  map: new Map<unknown, unknown>([
    ['a', 1],
    ['b', { n: 2 }],
  ]),
  set: new Set<unknown>(['x', { n: 1 }, 2]),
  numbers: new Set([1, 2, 3]),
  date: new Date(Date.UTC(2026, 0, 31, 12)),
  never: new Date(Number.NaN),
})

/** All that reading can tell, of results that are no values too. */
function dump(item: unknown, depth = 0): string {
  if (depth > 8) return '...'
  if (typeof item === 'function') return 'function'
  if (typeof item === 'string') return JSON.stringify(item)
  if (typeof item !== 'object' || item === null) return Object.is(item, -0) ? '-0' : `${String(item)}`
  const part = (each: unknown) => dump(each, depth + 1)
  if (item instanceof Date) return `Date(${item.getTime()})`
  if (item instanceof Map) return `Map(${item.size}: ${[...item].map(([key, each]) => `${part(key)}=>${part(each)}`)})`
  if (item instanceof Set) return `Set(${item.size}: ${[...item].map(part)})`
  if (Array.isArray(item)) return `[${item.length}: ${Array.from(item, part)}]`
  if (typeof (item as Loose).next === 'function') return `iterator ${[...(item as Iterable<unknown>)].map(part)}`
  return `{${Reflect.ownKeys(item).map((key) => `${String(key)}:${part((item as Loose)[key])}`)}}`
}

interface Outcome {
  readonly result: string
  readonly error: unknown
  readonly after: string
}

function outcome(root: Loose, use: Use): Outcome {
  let result = ''
  let error: unknown
  try {
    result = dump(use(root))
  } catch (thrown) {
    error = thrown
  }
  return { result, error, after: dump(root) }
}

/** A Map, Set or Date takes no names, and the engine says so itself. */
const isNamed = (error: unknown) =>
  error instanceof HeldStateError || (error instanceof TypeError && /object is not extensible/.test(error.message))

const standIns: Record<string, () => { root: Loose; commit?: () => unknown }> = {
  'a draft': () => drafted(openDraft(value())),
  'a draft that has changed': () => {
    const draft = openDraft(value())
    const { state } = draft
    state.list.push(4)
    state.list.pop()
    state.rows.push(state.rows.shift())
    state.rows.push(state.rows.shift())
    state.row.deep.n = 2
    state.row.deep.n = 1
    state.map.set('a', 2).set('a', 1)
    state.set.add(3)
    state.set.delete(3)
    state.date.setTime(state.date.getTime())
    return drafted(draft)
  },
  'what was put in': () => {
    const draft = openDraft({} as Loose)
    Object.assign(draft.state, value())
    return drafted(draft)
  },
  'what was put in before a commit': () => {
    const draft = openDraft({} as Loose)
    Object.assign(draft.state, value())
    draft.commit()
    return drafted(draft)
  },
  'a view': () => ({ root: readonlyView(value()) }),
}

function drafted(draft: ReturnType<typeof openDraft<Loose>>) {
  return { root: draft.state, commit: () => draft.commit() }
}

const before = dump(value())

/** The same, or refused by name; of a view, what would change it is refused. Gives whether it was refused. */
function compare(kind: string, use: Use): boolean {
  const plain = outcome(value(), use)
  const { root, commit } = (standIns[kind] as (typeof standIns)[string])()
  const ours = outcome(root, use)
  if (isNamed(ours.error) && !isNamed(plain.error)) {
    if (!commit) expect(ours.after).toBe(before)
    return true
  }
  if (plain.error) {
    expect(ours.error, `throws ${plain.error}`).toBeDefined()
    return false
  }
  if (ours.error) throw ours.error
  if (commit && !holdsOnlyValues(use)) {
    expect(commit).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    return true
  }
  if (!commit && plain.after !== before) expect.fail(`changes a view: ${ours.after}`)
  expect(ours.result).toBe(plain.result)
  expect(ours.after).toBe(plain.after)
  if (commit) expect(dump(commit())).toBe(plain.after)
  return false
}

/** Whether what it makes of the state may live in state. */
function holdsOnlyValues(use: Use): boolean {
  const plain = value()
  use(plain)
  try {
    copyValue(plain, [])
    return true
  } catch {
    return false
  }
}

/** What is made of state can be put into it. */
function comparePut(kind: string, use: Use): void {
  const { root, commit } = (standIns[kind] as (typeof standIns)[string])()
  const plain = value()
  plain.out = use(plain)
  if (!commit) {
    const draft = openDraft(value())
    draft.state.out = use(root)
    expect(dump(draft.commit())).toBe(dump(plain))
  } else {
    root.out = use(root)
    expect(dump(root)).toBe(dump(plain))
    expect(dump(commit())).toBe(dump(plain))
  }
}

const same = (item: unknown) => item
const isOdd = (item: unknown) => Number(item) % 2 === 1
const first = (item: Loose) => item?.id ?? item
const sum = (a: unknown, b: unknown) => `${dump(a)}${dump(b)}`
const byText = (a: unknown, b: unknown) => (dump(a) < dump(b) ? -1 : 1)

const args: readonly unknown[][] = [
  [], [0], [1], [-1], [9], [1, 2], [-2, -1], [0, 1, 'y'], ['x'], ['a'], ['a', 5], ['z', { n: 3 }], [{ n: 9 }],
  [same], [isOdd], [first], [sum], [sum, 'start'], [byText], [[7, 8]], [new Set([1, 'x', 9])], [new Map([['a', 3]])],
  [undefined], [Number.NaN], [2026, 1, 30], ['default'], ['de-DE'], [Symbol.iterator], [{ value: 1 }], ['a', { value: 4, writable: true, enumerable: true, configurable: true }],
] // biome-ignore format: a table

const few = args.filter((_, index) => index % 3 === 0 || index > args.length - 4)

const described = (list: readonly unknown[]) =>
  list.map((item) => (typeof item === 'function' ? item.name : inspect(item))).join(', ')

/** Every method of a built-in class, called on one value of the state. */
function methods(place: string, builtIn: { prototype: object }, lists = args): [string, Use][] {
  return Reflect.ownKeys(builtIn.prototype).flatMap((name) => {
    const text = String(name)
    if (name === 'constructor' || name === Symbol.unscopables || text.startsWith('__')) return []
    const descriptor = Reflect.getOwnPropertyDescriptor(builtIn.prototype, name) as PropertyDescriptor
    if (typeof descriptor.value !== 'function')
      return [[`${place}.${text}`, (s: Loose) => s[place][name]] as [string, Use]]
    return lists.map((list): [string, Use] => [`${place}.${text}(${described(list)})`, (s) => s[place][name](...list)])
  })
}

/** Every function of a namespace, called with one value of the state. */
function statics(owner: 'Object' | 'Array' | 'Reflect' | 'Map' | 'JSON', places: readonly string[]): [string, Use][] {
  const space = globalThis[owner] as unknown as Loose
  const left = [
    'isExtensible',
    'isFrozen',
    'isSealed',
    'prototype',
    'name',
    'length',
    'construct',
    'apply',
    'fromAsync',
    'rawJSON',
    'setPrototypeOf',
    'getPrototypeOf',
    'create',
    'defineProperties',
    'parse',
    'isRawJSON',
  ]
  return Reflect.ownKeys(space).flatMap((name) => {
    if (typeof space[name] !== 'function' || left.includes(String(name))) return []
    return places.flatMap((place) =>
      few
        .filter(
          (list) => list.length < 3 && (owner !== 'Reflect' || place !== 'map' || !/^(set|define)/.test(String(name))),
        )
        .map((list): [string, Use] => [
          `${owner}.${String(name)}(${place}, ${described(list)})`,
          (s) => space[name](s[place], ...list),
        ]),
    )
  })
}

const standard = [
  ...methods('list', Array),
  ...methods('rows', Array, few),
  ...methods('mixed', Array, few),
  ...methods('map', Map),
  ...methods('set', Set),
  ...methods('numbers', Set, few),
  ...methods('date', Date),
  ...methods('never', Date, few),
  ...methods('row', Object, few),
  ...statics('Object', ['row', 'bare', 'list', 'rows', 'map', 'set', 'date']),
  ...statics('Reflect', ['row', 'list', 'map']),
  ...statics('Array', ['list', 'rows', 'map', 'set']),
  ...statics('Map', ['rows', 'set']),
  ...statics('JSON', ['row', 'rows', 'map', 'date']),
]

describe.each(Object.keys(standIns))('the standard library does with %s', (kind) => {
  test('what it does with plain values', () => {
    const wrong: string[] = []
    for (const [name, use] of standard) {
      try {
        compare(kind, use)
      } catch (error) {
        wrong.push(
          `${name}: ${String((error as Error).message)
            .replaceAll('\n', ' ')
            .slice(0, 300)}`,
        )
      }
    }
    expect(wrong).toEqual([])
  }, 60_000)
})

const everyday: Record<string, Use> = {
  'addDays()': (s) => dates.addDays(s.date, 7),
  'addMonths()': (s) => dates.addMonths(s.date, 1),
  'startOfMonth()': (s) => dates.startOfMonth(s.date),
  'set()': (s) => dates.set(s.date, { hours: 3 }),
  'max()': (s) => dates.max([s.date, s.row.when]),
  'closestTo()': (s) => dates.closestTo(s.date, [s.row.when, s.date]),
  'eachDayOfInterval()': (s) => dates.eachDayOfInterval({ start: s.date, end: dates.addDays(s.date, 3) }),
  'toDate()': (s) => dates.toDate(s.date),
  'constructFrom()': (s) => dates.constructFrom(s.date, 5),
  'parse()': (s) => dates.parse('2026-02-03', 'yyyy-MM-dd', s.date),
  'format()': (s) => dates.format(s.date, "yyyy-MM-dd'T'HH:mm"),
  'formatISO()': (s) => dates.formatISO(s.date),
  'isBefore()': (s) => [dates.isBefore(s.row.when, s.date), dates.isValid(s.never), dates.isSameDay(s.date, s.date)],
  'differenceInDays()': (s) => dates.differenceInDays(s.date, s.row.when),
  'intervalToDuration()': (s) => dates.intervalToDuration({ start: s.row.when, end: s.date }),
  'dayjs().add().toDate()': (s) => dayjs(s.date).add(1, 'month').toDate(),
  'dayjs().format()': (s) => dayjs(s.date).format(),
  'dayjs().diff()': (s) => dayjs(s.date).diff(s.row.when, 'hour'),
  'dayjs().isSame()': (s) => dayjs(s.date).isSame(dayjs(s.date)),
  'new Date()': (s) => new Date(s.date),
  'new s.date.constructor()': (s) => new s.date.constructor(s.date),
  'new Date() of numbers': (s) => new Date(+s.date + 1),
  'date - date': (s) => [s.date - s.row.when, s.date > s.row.when, Math.max(s.date, s.row.when), `${s.date}`],
  'Intl.DateTimeFormat': (s) => new Intl.DateTimeFormat('de-DE', { timeZone: 'UTC' }).format(s.date),
  'Intl.DateTimeFormat.formatRange()': (s) =>
    new Intl.DateTimeFormat('de-DE', { timeZone: 'UTC' }).formatRange(s.row.when, s.date),
  instanceof: (s) => [
    s.date instanceof Date,
    s.map instanceof Map,
    s.set instanceof Set,
    Array.isArray(s.list),
    s.row instanceof Object,
    s.date instanceof s.date.constructor,
    s.list instanceof s.list.constructor,
  ],
  'Object.prototype.toString': (s) =>
    ['date', 'map', 'set', 'list', 'row', 'n'].map((name) => Object.prototype.toString.call(s[name])),
  'Array.isArray()': (s) => [Array.isArray(s.list), Array.isArray(s.row), Array.isArray(s.set)],
  'a spread': (s) => [{ ...s.row }, [...s.rows], [...s.set], [...s.map], Math.max(...s.list)],
  'a spread of an object': (s) => ({ ...s.row, deep: { ...s.row.deep, m: 2 } }),
  destructuring: (s) => {
    const { deep, ...rest } = s.row
    const [one, ...others] = s.rows
    return { deep, rest, one, others }
  },
  'for of and for in': (s) => {
    const seen: unknown[] = []
    for (const row of s.rows) seen.push(row)
    for (const entry of s.map) seen.push(entry)
    for (const key of Object.keys(s.row)) seen.push(key)
    for (const [index, row] of s.rows.entries()) seen.push(index, row)
    return seen
  },
  'new Map()': (s) => new Map(s.map),
  'new Set()': (s) => new Set(s.set),
  'new Set() of a list': (s) => new Set(s.list),
  'Object.fromEntries()': (s) => Object.fromEntries(s.map),
  'Array.from()': (s) => Array.from(s.map.values()),
  'Map.groupBy by hand': (s) =>
    s.rows.reduce((map: Map<number, unknown>, row: Loose) => map.set(row.id, row), new Map()),
  'JSON there and back': (s) => JSON.parse(JSON.stringify(s.rows)),
  'concat()': (s) => [s.list.concat(s.rows), [0].concat(s.list), [[9]].concat([s.list])],
  'flat()': (s) => [s.mixed.flat(), s.mixed.flat(3), [s.rows, s.list].flat()],
  'isDeepStrictEqual()': (s) => isDeepStrictEqual([...s.map], [...value().map]),
  'sort() of a copy': (s) => [...s.rows].sort((a, b) => a.id - b.id),
  'toString() and join()': (s) => [`${s.list}`, s.list.join('-'), String(s.text), `${s.list}`],
  'a swap': (s) => {
    ;[s.rows[0], s.rows[1]] = [s.rows[1], s.rows[0]]
  },
  'a move': (s) => s.rows.push(...s.rows.splice(0, 1)),
  'a filter that is put back': (s) => {
    s.rows = s.rows.filter((row: Loose) => row.id === 1)
  },
  'a map that is put back': (s) => {
    s.rows = s.rows.map((row: Loose) => (row.id === 1 ? { ...row, done: true } : row))
  },
  'Object.assign() of a row': (s) => Object.assign(s.row, { n: 5 }, { deep: { m: 6 } }),
  delete: (s) => delete s.row.deep,
  increments: (s) => {
    s.n += 1
    s.row.deep.n *= 3
    s.list[0]++
    s.map.get('b').n--
    s.rows[1].tags.push('z')
  },
  'lodash.cloneDeep()': (s) => lodash.cloneDeep({ ...s }),
  'lodash.cloneDeep() of each': (s) =>
    [s.map, s.set, s.date, s.rows, s.row, s.bare, s.list].map((item) => lodash.cloneDeep(item)),
  'lodash.clone()': (s) => [s.map, s.set, s.date, s.rows, s.row].map((item) => lodash.clone(item)),
  'lodash.merge()': (s) => lodash.merge(s.row, { deep: { m: 1 }, tags: ['x'] }),
  'lodash.set()': (s) => lodash.set(s.row, 'deep.list[1]', 3),
  'lodash.set() of what is there': (s) => lodash.set(s.row, 'deep.n', 3),
  'lodash.unset()': (s) => lodash.unset(s.row, 'deep.n'),
  'lodash.get()': (s) => lodash.get(s, 'rows[0].tags[0]'),
  'lodash.update()': (s) => lodash.update(s.row, 'deep.n', (n: number) => n + 1),
  'lodash.remove()': (s) => lodash.remove(s.rows, { id: 1 }),
  'lodash.pull()': (s) => lodash.pull(s.list, 1, 2),
  'lodash.groupBy()': (s) => lodash.groupBy(s.rows, 'id'),
  'lodash.keyBy()': (s) => lodash.keyBy(s.rows, 'id'),
  'lodash.sortBy()': (s) => lodash.sortBy(s.rows, 'id'),
  'lodash.orderBy()': (s) => lodash.orderBy(s.rows, ['id'], ['desc']),
  'lodash.isEqual()': (s) => [
    lodash.isEqual(s.rows, value().rows),
    lodash.isEqual(s.row, value().row),
    lodash.isEqual(s.date, value().date),
    lodash.isEqual(s.map, value().map),
    lodash.isEqual(s.set, value().set),
  ],
  'lodash.is...()': (s) =>
    [s.map, s.set, s.date, s.rows, s.row, s.bare].map((item) => [
      lodash.isMap(item),
      lodash.isSet(item),
      lodash.isDate(item),
      lodash.isArray(item),
      lodash.isPlainObject(item),
      lodash.isEmpty(item),
      lodash.size(item),
    ]),
  'lodash.pick() and omit()': (s) => [lodash.pick(s.row, 'id'), lodash.omit(s.row, 'deep')],
  'lodash.mapValues()': (s) => lodash.mapValues(s.row, (item) => typeof item),
  'lodash.uniqBy() and chunk()': (s) => [
    lodash.uniqBy(s.rows, 'id'),
    lodash.chunk(s.list, 2),
    lodash.flattenDeep(s.mixed),
  ],
  'lodash.defaultsDeep()': (s) => lodash.defaultsDeep(s.row, { deep: { n: 5, m: 6 } }),
  'lodash.zipObject()': (s) => lodash.zipObject(['a', 'b'], s.rows),
  'lodash.toPairs()': (s) => [lodash.toPairs(s.row), lodash.toPairs(s.map), lodash.toArray(s.set)],
  'es-toolkit cloneDeep()': (s) => [s.map, s.set, s.date, s.rows, s.row, s.bare].map((item) => toolkit.cloneDeep(item)),
  'es-toolkit clone()': (s) => [s.map, s.set, s.date, s.rows, s.row].map((item) => toolkit.clone(item)),
  'es-toolkit merge()': (s) => toolkit.merge(s.row, { deep: { m: 1 } }),
  'es-toolkit toMerged()': (s) => toolkit.toMerged({ ...s.row }, { deep: { m: 1 } }),
  'es-toolkit isEqual()': (s) => [
    toolkit.isEqual(s.rows, value().rows),
    toolkit.isEqual(s.map, value().map),
    toolkit.isEqual(s.set, value().set),
    toolkit.isEqual(s.date, value().date),
    toolkit.isEqual(s.row, value().row),
  ],
  'es-toolkit isPlainObject()': (s) => [
    toolkit.isPlainObject(s.row),
    toolkit.isPlainObject(s.bare),
    toolkit.isDate(s.date),
  ],
  'es-toolkit groupBy()': (s) => toolkit.groupBy(s.rows, (row: Loose) => row.id),
  'es-toolkit remove()': (s) => toolkit.remove(s.list, (item) => item === 1),
  'es-toolkit pick()': (s) => toolkit.pick(s.row, ['id', 'deep']),
  'immer produce()': (s) => produce(s.row, (row: Loose) => void (row.deep.n = 2)),
  'immer produce() of rows': (s) => produce(s.rows, (rows: Loose[]) => void rows.push({ id: 3 })),
  'immer produce() of what is put back': (s) => {
    s.rows = produce([...s.rows], (rows: Loose[]) => void (rows[0] = { id: 3 }))
  },
}

/** What a stand-in cannot do, and says so. */
const refused = [
  'lodash.set()', // leaves a hole in a list
  'immer produce() of rows', // freezes the drafts that it finds
  'immer produce() of what is put back',
]

describe.each(Object.keys(standIns))('everyday code does with %s', (kind) => {
  test.each(Object.keys(everyday))('what it does with plain values: %s', (name) => {
    const use = everyday[name] as Use
    const wasRefused = compare(kind, use)
    if (kind !== 'a view') expect(wasRefused).toBe(refused.includes(name))
    if (!wasRefused && holdsOnlyValues((s) => (s.out = use(s)))) comparePut(kind, use)
  })
})

describe('a copy of what stands for a value', () => {
  test.each(Object.keys(standIns))('is plain, and goes to clones and workers: %s', (kind) => {
    const { root } = (standIns[kind] as (typeof standIns)[string])()
    for (const name of Object.keys(value())) {
      const copy = plain(root[name])
      expect(dump(copy)).toBe(dump(value()[name]))
      expect(dump(structuredClone(copy))).toBe(dump(name === 'bare' ? { ...value().bare } : value()[name]))
      if (typeof copy === 'object') expect(Object.isFrozen(copy) || types.isProxy(copy)).toBe(false)
    }
    const copied = plain(root)
    copied.row.deep.n = 99
    copied.map.set('c', 1)
    copied.date.setTime(0)
    expect(dump(root)).toBe(dump(value()))
  })

  test.each(Object.keys(standIns))('is what a clone is refused for: %s', (kind) => {
    const { root } = (standIns[kind] as (typeof standIns)[string])()
    for (const clone of [structuredClone, serialize])
      for (const name of ['list', 'rows', 'row', 'bare', 'map', 'set'])
        expect(() => clone(root[name]), name).toThrow(/could not be cloned/)
    for (const name of ['map', 'set']) expect(() => structuredClone(root[name])).toThrow('plain(value)')
    expect(structuredClone(root.date)).toEqual(value().date)
  })

  test('names what cannot live in state', () => {
    expect(() => plain({ rows: [() => 1] })).toThrow(
      expect.objectContaining({ code: 'invalid-value', message: expect.stringContaining('value.rows[0]') }),
    )
    expect([plain(1), plain(null), plain('text')]).toEqual([1, null, 'text'])
  })
})
