import { addDays, format, isSameDay, setHours, startOfMonth } from 'date-fns'
import dayjs from 'dayjs'
import { cloneDeep as cloneOfToolkit, isEqual as isEqualOfToolkit } from 'es-toolkit'
import { enableMapSet, produce } from 'immer'
import lodash from 'lodash'
import { describe, expect, it } from 'vitest'
import { isHeldStateError } from './errors.js'
import { freezeView } from './freeze.js'

const make = () => ({
  due: new Date(5),
  tags: new Set<unknown>(['a', { b: 1 }]),
  byId: new Map<unknown, unknown>([['x', { at: new Date(7), deep: new Map([[1, new Set([2])]]) }]]),
  rows: [{ at: new Date(9), ids: new Set([1]) }],
  bare: Object.assign(Object.create(null), { at: new Date(11) }),
})
const page = {}
const frozen = () => {
  const view = make()
  freezeView(page, 'list', view)
  return view
}

/** What a call makes of it: what it threw, or nothing. */
function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return isHeldStateError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'nothing was thrown'
}

/** Reading methods, by what this test knows of them. All others must be refused, also those of a newer engine. */
const reads: Record<string, readonly string[]> = {
  Map: ['entries', 'forEach', 'get', 'has', 'keys', 'values'],
  Set: [
    ...['entries', 'forEach', 'has', 'keys', 'values'],
    ...['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom'],
  ],
}

const methodsOf = (prototype: object) =>
  Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function',
  )

describe('each method of', () => {
  it('a Map reads as ever, or is refused and changes nothing', () => {
    const { byId } = frozen()
    for (const name of methodsOf(Map.prototype)) {
      const call = () => (byId as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.('y', () => 1)
      if (reads['Map']?.includes(name)) continue
      expect(refusal(call)).toMatch(`immutable-state: list.byId was changed by Map.${name}()`)
    }
    expect(byId.size).toBe(1)
    expect([...byId.keys(), byId.has('x'), byId.get('y')]).toEqual(['x', true, undefined])
  })

  it('a Set reads as ever, or is refused and changes nothing', () => {
    const { tags } = frozen()
    for (const name of methodsOf(Set.prototype)) {
      const call = () => (tags as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.('y')
      if (reads['Set']?.includes(name)) continue
      expect(refusal(call)).toMatch(`immutable-state: list.tags was changed by Set.${name}()`)
    }
    expect([...tags]).toEqual(['a', { b: 1 }])
    const union = (tags as Set<unknown> & { union?(other: Set<unknown>): Set<unknown> }).union?.(new Set(['c']))
    expect(union?.add('d').size ?? 4).toBe(4)
  })

  it('a Date reads as ever, or is refused and changes nothing', () => {
    const { due } = frozen()
    const plain = new Date(5)
    let refused = 0
    for (const name of methodsOf(Date.prototype)) {
      const call = (date: Date) => (date as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(1)
      if (name.startsWith('set')) {
        refused += 1
        expect(refusal(() => call(due))).toMatch(`immutable-state: list.due was changed by Date.${name}()`)
      } else if (name !== 'toTemporalInstant') expect(call(due)).toEqual(call(plain))
    }
    expect(refused).toBeGreaterThan(15)
    expect(due.getTime()).toBe(5)
    expect(`${due}|${+due}|${JSON.stringify(due)}`).toBe(`${plain}|${+plain}|${JSON.stringify(plain)}`)
  })

  it('another one that an engine or a polyfill has is refused, too', () => {
    Object.defineProperty(Map.prototype, 'upsert', { value: () => 1, configurable: true, writable: true })
    try {
      const { byId } = frozen()
      expect(refusal(() => (byId as unknown as { upsert(): void }).upsert())).toMatch('Map.upsert()')
    } finally {
      Reflect.deleteProperty(Map.prototype, 'upsert')
    }
  })
})

describe('a refusal', () => {
  it('names the place of the value, however deep', () => {
    const view = frozen()
    const row = view.byId.get('x') as { at: Date; deep: Map<number, Set<number>> }
    expect(refusal(() => row.at.setDate(1))).toContain('list.byId.get("x").at was changed')
    expect(refusal(() => row.deep.clear())).toContain('list.byId.get("x").deep was changed')
    expect(refusal(() => row.deep.get(1)?.add(3))).toContain('list.byId.get("x").deep.get(1) was changed')
    expect(refusal(() => view.rows[0]?.at.setTime(1))).toContain('list.rows[0].at was changed')
    expect(refusal(() => view.rows[0]?.ids.delete(1))).toContain('list.rows[0].ids was changed')
    expect(refusal(() => view.bare.at.setTime(1))).toContain('list.bare.at was changed')
    expect(refusal(() => view.due.setTime(1))).toContain('new Date(')
  })

  it('names the present place of a value that has moved, and the state alone if it is not shown any more', () => {
    const before = frozen()
    freezeView(page, 'list', { later: [0, before.due] })
    expect(refusal(() => before.due.setTime(1))).toContain('list.later[1] was changed')
    expect(refusal(() => before.tags.clear())).toContain('A Set of state "list" was changed')
  })

  it('of a method that was taken from its value says what it can', () => {
    const { setTime } = frozen().due
    expect(refusal(() => setTime(1))).toMatch('immutable-state')
  })

  it('comes before a property on a Map, Set or Date, too', () => {
    const view = frozen()
    for (const value of [view.due, view.tags, view.byId])
      expect(() => Object.assign(value, { a: 1 })).toThrow(TypeError)
  })
})

describe('what is frozen', () => {
  it('is what it was to instanceof, prototypes, constructors and clones', () => {
    const view = frozen()
    expect(view).toEqual(make())
    expect(view.due.constructor).toBe(Date)
    expect(Object.getPrototypeOf(view.byId)).toBe(Map.prototype)
    expect([view.tags, view.byId, view.due].flatMap(Object.keys)).toEqual([])
    const clone = structuredClone({ ...view, bare: 0 })
    expect(clone).toEqual({ ...make(), bare: 0 })
    clone.due.setTime(1)
    clone.tags.add(1)
    clone.byId.clear()
    expect(view).toEqual(make())
  })

  it('can be copied as libraries do: by its constructor, by its elements, by its methods', () => {
    const { due, tags, byId, rows } = frozen()
    const later = Reflect.construct(due.constructor, [+due]) as Date
    expect(later.setFullYear(2030)).toBe(+later)
    expect(new Set(tags).add('b').size).toBe(3)
    expect(new Map(byId).set('y', 1).size).toBe(2)
    expect((Reflect.construct(byId.constructor, []) as Map<string, number>).set('y', 1).size).toBe(1)
    expect(rows.map(({ at }) => new Date(at).setTime(1))).toEqual([1])
    expect(due < new Date(6) && due.valueOf() === 5).toBe(true)
  })

  it('serves libraries as plain values do: for dates, for copies, for comparisons', () => {
    const { due, ...rest } = frozen()
    const plain = make()
    for (const at of [due, plain.due]) {
      expect(addDays(at, 7).getTime()).toBe(5 + 7 * 86_400_000)
      expect(setHours(at, 3).getHours()).toBe(3)
      expect(startOfMonth(at).setDate(2)).toBeGreaterThan(0)
      expect([format(at, 'yyyy'), isSameDay(at, plain.due)]).toEqual([format(plain.due, 'yyyy'), true])
      expect(dayjs(at).add(1, 'day').toDate().setTime(1)).toBe(1)
    }
    for (const clone of [lodash.cloneDeep, cloneOfToolkit]) {
      const copy = clone({ due, ...rest })
      expect(copy).toEqual(plain)
      copy.due.setTime(1)
      copy.tags.add('b')
      copy.byId.set('y', 1)
      copy.rows[0]?.ids.clear()
    }
    for (const isEqual of [lodash.isEqual, isEqualOfToolkit]) expect(isEqual({ due, ...rest }, plain)).toBe(true)
    enableMapSet()
    const next = produce(rest, (draft) => {
      draft.byId.set('y', 1)
      draft.tags.add('b')
    })
    expect([next.byId.size, next.tags.size]).toEqual([2, 3])
    expect({ due, ...rest }).toEqual(plain)
  })

  it('can be sent to a worker', async () => {
    const { port1, port2 } = new MessageChannel()
    const got = new Promise((resolve) => void port2.addEventListener('message', ({ data }) => resolve(data)))
    port2.start()
    const { bare: _, ...view } = frozen()
    port1.postMessage(view)
    const { bare: __, ...expected } = make()
    expect(await got).toEqual(expected)
    port1.close()
  })

  it('is not looked into again', () => {
    const view = frozen()
    let looks = 0
    const list = Object.freeze(
      new Proxy([view], {
        get: (target, key) => {
          looks += 1
          return Reflect.get(target, key)
        },
      }),
    )
    freezeView(page, 'list', { list })
    expect(looks).toBe(0)
  })
})
