import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { apply } from './apply.js'
import { diff } from './diff.js'
import { openDraft } from './draft.js'
import { readonlyView } from './view.js'

// biome-ignore lint/suspicious/noExplicitAny: these tests write what no type allows, and read deep
type Loose = Record<string, any>

interface Row {
  id: number
  done: boolean
  tags?: string[]
}

const rows = (count = 3) => Array.from({ length: count }, (_, id): Row => ({ id, done: false }))
const bench = () => ({
  list: { rows: rows(), title: 'a', when: new Date(0) } as Record<string, unknown> & { rows: Row[] },
})

describe('a commit', () => {
  test('gives the snapshot before if nothing was written', () => {
    const base = bench()
    const draft = openDraft(base)
    draft.state.list.rows.map((row) => row.id)
    expect(draft.commit()).toBe(base)
  })

  test('gives the snapshot before if everything was taken back', () => {
    const base = { a: 1, b: { c: [1, 2] }, map: new Map([['x', 1]]), set: new Set([1]), date: new Date(5) } as Record<
      string,
      any
    >
    const draft = openDraft(base)
    const { state } = draft
    state.a = 2
    state.a = 1
    state.b.c.push(3)
    state.b.c.pop()
    state.b.c.reverse().reverse()
    state.b.c[0] = 1
    state.added = 1
    delete state.added
    state.map.set('y', 2).delete('y')
    state.set.delete(1)
    state.set.add(1)
    state.date.setTime(6)
    state.date.setTime(5)
    Object.assign(state, { b: state.b })
    expect(draft.commit()).toBe(base)
  })

  test('sees that a key was moved to the end', () => {
    const draft = openDraft({ a: 1, b: 2 } as Record<string, number>)
    delete draft.state.a
    draft.state.a = 1
    expect(Object.keys(draft.commit())).toEqual(['b', 'a'])
  })

  test('keeps the identity of what did not change', () => {
    const base = bench()
    const draft = openDraft(base)
    const second = draft.state.list.rows[1] as Row
    second.done = true
    const next = draft.commit()
    expect(next.list.rows[0]).toBe(base.list.rows[0])
    expect(next.list.rows[2]).toBe(base.list.rows[2])
    expect(next.list.when).toBe(base.list.when)
    expect(next.list.rows[1]).toEqual({ id: 1, done: true })
    expect(base).toEqual(bench())
  })

  test('copies what the author has put in', () => {
    const draft = openDraft({ list: [] as Row[] })
    const own = { id: 1, done: false }
    draft.state.list.push(own)
    const next = draft.commit()
    own.done = true
    expect(next.list[0]).toEqual({ id: 1, done: false })
  })

  test('refuses what cannot live in state, naming its place', () => {
    const commit = (write: (state: Loose) => void) => () => {
      const draft = openDraft({
        counter: { rows: [{ id: 1 }], map: new Map(), set: new Set() } as Record<string, unknown>,
      })
      write(draft.state.counter)
      draft.commit()
    }
    class Custom {}
    const cases: [string, (state: Loose) => void][] = [
      ['counter.rows[0].call', (state) => (state.rows[0].call = () => 1)],
      ['counter.rows[1].deep.own', (state) => state.rows.push({ deep: { own: new Custom() } })],
      ['counter.map.get("key")', (state) => state.map.set('key', Symbol('no'))],
      ['counter.rows[0].id', (state) => (state.rows[0].id = 10n ** 10_000n)],
      ['counter.rows[1]', (state) => state.rows.push(10n ** 10_000n)],
      ['counter.map.get("key")', (state) => state.map.set('key', 10n ** 10_000n)],
      ['counter.set', (state) => state.set.add(10n ** 10_000n)],
      ['counter.map.get("key").deep[0]', (state) => state.map.set('key', { deep: [() => 1] })],
      ['counter.map', (state) => state.map.set({}, 1)],
      ['counter.set', (state) => state.set.add(new WeakMap())],
      ['counter.get', (state) => Object.defineProperty(state, 'get', { get: () => 1 })],
      ['counter.rows[7]', (state) => (state.rows[7] = 1)],
      ['counter.rows[0]', (state) => delete state.rows[0]],
      ['counter.rows[1][1]', (state) => state.rows.push(Object.assign([1], { 2: 3 }))],
      ['counter.self', (state) => (state.self = state)],
      ['counter.rows[0].up', (state) => (state.rows[0].up = { in: state.rows })],
      ['counter', (state) => (state[Symbol('key') as never] = 1)],
      ['counter', (state) => Reflect.set(state, '__proto__', { admin: true })],
      ['counter.own', (state) => (state.own = JSON.parse('{"__proto__": 1}'))],
    ]
    for (const [place, write] of cases)
      expect(commit(write), place).toThrow(
        expect.objectContaining({ code: 'invalid-value', message: expect.stringContaining(`${place}`) }),
      )
  })

  test('gives each place its own value where a draft was put at two', () => {
    const base = bench()
    const draft = openDraft(base)
    const [row] = draft.state.list.rows
    draft.state.list.first = row
    draft.state.list.wrapped = { row, list: [row] }
    const next = draft.commit() as Loose
    expect(next.list.rows).toBe(base.list.rows)
    expect(next.list.first).toEqual(row)
    expect(new Set([next.list.rows[0], next.list.first, next.list.wrapped.row, next.list.wrapped.list[0]]).size).toBe(4)
    row!.done = true
    expect((draft.commit() as Loose).list).toMatchObject({
      rows: [{ done: true }, {}, {}],
      first: { done: false },
    })
  })

  test('carries on the writes to a draft that was put elsewhere before the place it comes from is settled', () => {
    const draft = openDraft({ a: {} as Record<string, unknown>, rows: rows() })
    const row = draft.state.rows[1] as Row
    draft.state.a.row = row
    row.done = true
    const next = draft.commit()
    expect(next.rows[1]).toEqual({ id: 1, done: true })
    expect(next.a.row).toEqual({ id: 1, done: true })
    expect(next.a.row).not.toBe(next.rows[1])
  })
})

describe('a draft after a commit', () => {
  test('goes on, and so does every part of it', () => {
    const draft = openDraft(bench())
    const { state } = draft
    const row = state.list.rows[2] as Row
    row.done = true
    const first = draft.commit()
    state.list.rows.shift()
    row.id = 22
    const second = draft.commit()
    row.tags = ['late']
    const third = draft.commit()
    expect(first.list.rows.map(({ id }) => id)).toEqual([0, 1, 2])
    expect(second.list.rows).toEqual([
      { id: 1, done: false },
      { id: 22, done: true },
    ])
    expect(third.list.rows[1]).toEqual({ id: 22, done: true, tags: ['late'] })
    expect(third.list.rows[0]).toBe(first.list.rows[1])
    expect(state.list.rows[1]).toBe(row)
  })

  test('follows a part that was moved, also into containers of the author', () => {
    const draft = openDraft(bench())
    const { state } = draft
    const row = state.list.rows[0] as Row
    state.list.rows = state.list.rows.filter(({ id }) => id > 0)
    state.list.archive = { 2026: [{ row }] }
    draft.commit()
    row.done = true
    expect(draft.commit().list.archive).toEqual({ 2026: [{ row: { id: 0, done: true } }] })
    expect((state.list.archive as never)[2026][0]).toEqual({ row })
  })

  test('takes back a part that an earlier commit has left out, without sharing what moved out of it meanwhile', () => {
    const draft = openDraft({ a: { b: { c: 1 } } } as Loose)
    const { state } = draft
    const { a } = state
    const { b } = a
    delete state.a
    draft.commit()
    state.b = b
    draft.commit()
    state.a = a
    const next = draft.commit()
    expect(next).toEqual({ b: { c: 1 }, a: { b: { c: 1 } } })
    expect(next.a.b).not.toBe(next.b)
    b.c = 2
    a.b.c = 3
    expect(draft.commit()).toEqual({ b: { c: 2 }, a: { b: { c: 3 } } })
  })

  test('does not share a container that the author put into a part that was left out', () => {
    const draft = openDraft({ a: {} } as Loose)
    const { a } = draft.state
    delete draft.state.a
    const own = { n: 1 }
    a.own = own
    draft.commit()
    draft.state.again = a
    const next = draft.commit()
    own.n = 2
    expect(next).toEqual({ again: { own: { n: 1 } } })
  })
})

describe('a closed draft', () => {
  test('refuses every write and can be read', () => {
    const draft = openDraft({
      object: { a: 1 } as Record<string, unknown>,
      array: [1],
      empty: [] as number[],
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      date: new Date(3),
    })
    const { object, array, empty, map, set, date } = draft.state
    draft.close()
    const writes = [
      () => (object.a = 1),
      () => delete object.a,
      () => delete object.missing,
      () => Object.assign(object, { b: 1 }),
      () => array.push(1),
      () => empty.pop(),
      () => (array.length = 0),
      () => array.sort(),
      () => array.copyWithin(0, 0),
      () => map.set('a', { n: 2 }),
      () => map.delete('missing'),
      () => map.clear(),
      () => (map.get('a')!.n = 1),
      () => set.add(1),
      () => set.delete(2),
      () => set.clear(),
      () => date.setTime(3),
    ]
    for (const write of writes)
      expect(write, String(write)).toThrow(expect.objectContaining({ code: 'immutable-state' }))
    expect([object.a, array[0], map.get('a')?.n, set.has(1), date.getTime()]).toEqual([1, 1, 1, true, 3])
  })
})

describe('a draft reads like plain data', () => {
  test('gives the same draft twice, and finds it in its array and Set', () => {
    const { state } = openDraft({ rows: rows(), set: new Set(rows()) })
    const [first, second] = state.rows as [Row, Row, Row]
    expect(state.rows[0]).toBe(first)
    expect([state.rows.indexOf(second), state.rows.lastIndexOf(second), state.rows.includes(second)]).toEqual([
      1,
      1,
      true,
    ])
    const [element] = state.set
    expect(state.set.has(element as Row)).toBe(true)
    element!.done = true
    expect(state.set.has(element as Row)).toBe(true)
  })

  test('has the keys, the prototype and the JSON of its value', () => {
    const state = openDraft({ a: 1, b: [1, { c: 2 }], d: new Date(0), e: { node: 1, constructor: 2 } }).state
    expect(JSON.stringify(state)).toBe(
      '{"a":1,"b":[1,{"c":2}],"d":"1970-01-01T00:00:00.000Z","e":{"node":1,"constructor":2}}',
    )
    expect(Array.isArray(state.b)).toBe(true)
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(state.b, 'length')).toMatchObject({ value: 2, enumerable: false })
    expect({ ...state.e }).toEqual({ node: 1, constructor: 2 })
    expect('toString' in state && Object.hasOwn(state, 'a')).toBe(true)
    expect(Reflect.get(state, '__proto__')).toBeUndefined()
  })

  test('prints as its value', () => {
    const value = () => ({ a: { b: 1 }, c: [{ d: 2 }], e: new Map([['f', { g: 3 }]]), h: new Set([{ i: 4 }]) })
    const deep = { depth: 9 }
    expect(inspect(openDraft(value()).state, deep)).toBe(inspect(value(), deep))
    expect(inspect(readonlyView(value()), deep)).toBe(inspect(value(), deep))
    const { state } = openDraft({} as Loose)
    Object.assign(state, value())
    expect(inspect(state, deep)).toBe(inspect(value(), deep))
    expect(inspect(state.e, deep)).toBe(inspect(value().e, deep))
    expect(inspect(readonlyView(value()).e, deep)).toBe(inspect(value().e, deep))
  })

  test('sorts as plain arrays do', () => {
    const values = [10, 9, undefined, 1, null, 'a', [2], 2n]
    const state = openDraft({ values, dates: [new Date(2), new Date(1)] }).state
    expect([...state.values.sort()]).toEqual([...values].sort())
    state.dates.sort((a, b) => a.getTime() - b.getTime())
    expect(state.dates.map(Number)).toEqual([1, 2])
  })

  test('has overridden every method of Map, Set and Date that looks into them', () => {
    const { map, set } = openDraft({ map: new Map(), set: new Set() }).state
    for (const box of [map, set, readonlyView(new Map()), readonlyView(new Set())]) {
      const base = box instanceof Map ? Map.prototype : Set.prototype
      const own = Object.getPrototypeOf(box)
      for (const name of Object.getOwnPropertyNames(base)) expect(Object.hasOwn(own, name), name).toBe(true)
    }
  })

  test('takes the value of a view and of a draft of another transaction', () => {
    const snapshot = { a: { b: [1] } }
    const other = openDraft({ x: { y: { z: 1 }, list: [] as unknown[] } })
    other.state.x.y.z = 2
    other.state.x.list.push({ y: other.state.x.y })
    const draft = openDraft({} as Loose)
    draft.state.view = readonlyView(snapshot).a
    draft.state.view.b.push(2)
    draft.state.draft = other.state.x
    draft.state.wrapped = [other.state.x.y, readonlyView(snapshot)]
    other.state.x.y.z = 3
    const next = draft.commit()
    expect(next.view).toEqual({ b: [1, 2] })
    expect(next.draft).toEqual({ y: { z: 2 }, list: [{ y: { z: 2 } }] })
    expect(next.wrapped).toEqual([{ z: 3 }, { a: { b: [1] } }])
    expect(snapshot).toEqual({ a: { b: [1] } })
  })
})

describe('what crosses the wire', () => {
  const change = (write: (rows: { rows: Row[] }) => void) => {
    const base = { rows: rows(10_000) }
    const draft = openDraft(base)
    write(draft.state)
    const next = draft.commit()
    const patches = diff(base, next)
    expect(apply(base, patches)).toEqual(next)
    return JSON.stringify(patches)
  }
  const at = (list: Row[], index: number) => list[index] as Row

  test('is one set of less than 60 bytes for one row of 10,000', () => {
    expect(change(({ rows }) => (at(rows, 5000).done = true))).toBe('[[["rows",5000,"done"],true]]')
  })

  test('is one splice of less than 40 bytes for a removal', () => {
    const splice = '[[["rows"],5000,1,[]]]'
    expect(change(({ rows }) => rows.splice(5000, 1))).toBe(splice)
    expect(change((state) => (state.rows = state.rows.filter((_, index) => index !== 5000)))).toBe(splice)
  })

  test('is the new row alone where rows are mapped', () => {
    const patches = change(
      (state) => (state.rows = state.rows.map((row) => (row.id === 3 ? { ...row, done: true } : row))),
    )
    expect(patches.length).toBeLessThan(60)
  })

  test('is two splices for a move', () => {
    expect(change(({ rows }) => rows.push(...rows.splice(5000, 1))).length).toBeLessThan(90)
  })
})

test('a Map, a Set and a Date of another realm are put into a draft, read back there and written to', () => {
  const draft = openDraft({ v: {} as Record<string, any> }) // biome-ignore lint/suspicious/noExplicitAny: it holds what no type allows
  const { v } = draft.state
  v.map = runInNewContext('new Map([["a", { n: 1 }]])')
  v.set = runInNewContext('new Set([1])')
  v.date = runInNewContext('new Date(5)')
  v.map.get('a').n += 1
  v.map.set('b', { n: 3 })
  v.set.add(2)
  v.date.setTime(6)
  expect([v.map.size, [...v.set], v.date.getTime()]).toEqual([2, [1, 2], 6])
  const { v: kept } = draft.commit() as { v: object }
  expect(kept).toEqual({
    map: new Map([
      ['a', { n: 2 }],
      ['b', { n: 3 }],
    ]),
    set: new Set([1, 2]),
    date: new Date(6),
  })
})
