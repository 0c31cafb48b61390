import { describe, expect, test } from 'vitest'
import { CopiedContainers } from './copied-containers.js'
import { openDraft } from './draft.js'

// biome-ignore lint/suspicious/noExplicitAny: these tests write what no type allows, and read deep
type Loose = Record<string, any>

const base = (): Loose => ({ job: undefined, rows: [], map: new Map(), set: new Set(), date: new Date(0) })

function visited(set: Set<unknown>): unknown {
  let last: unknown
  set.forEach((item) => {
    last = item
  })
  return last
}

/** Ways to put a container in and read it back. */
const ways: readonly [way: string, put: (s: Loose, value: object) => unknown, read: (s: Loose) => unknown][] = [
  ['a field', (s, value) => (s.job = value), (s) => s.job],
  ['Object.assign()', (s, value) => Object.assign(s, { job: value }), (s) => s.job],
  ['Object.defineProperty()', (s, value) => Object.defineProperty(s, 'job', { value }), (s) => Object.values(s)[0]],
  ['push()', (s, value) => s.rows.push(value), (s) => s.rows.at(-1)],
  ['unshift()', (s, value) => s.rows.unshift(value), (s) => s.rows.find((row: object) => row)],
  ['splice()', (s, value) => s.rows.splice(0, 0, value), (s) => [...s.rows][0]],
  ['an index', (s, value) => (s.rows[0] = value), (s) => s.rows.filter(() => true)[0]],
  ['fill()', (s, value) => s.rows.push(1) && s.rows.fill(value), (s) => s.rows.slice()[0]],
  ['a Map', (s, value) => s.map.set('x', value), (s) => s.map.get('x')],
  ['the values of a Map', (s, value) => s.map.set('x', value), (s) => [...s.map.values()][0]],
  ['the entries of a Map', (s, value) => s.map.set('x', value), (s) => [...s.map][0][1]],
  ['a Set', (s, value) => s.set.add(value), (s) => [...s.set][0]],
  ['forEach() of a Set', (s, value) => s.set.add(value), (s) => visited(s.set)],
  ['an object around it', (s, value) => (s.job = { deep: { value } }), (s) => s.job.deep.value],
  ['a list around it', (s, value) => (s.job = [[value]]), (s) => s.job.flat()[0]],
  ['a Map around it', (s, value) => s.rows.push(new Map([['x', value]])), (s) => s.rows[0].get('x')],
  ['a Set around it', (s, value) => s.map.set('x', new Set([value])), (s) => [...s.map.get('x')][0]],
  ['a draft', (s, value) => (s.rows.push({}), (s.rows[0].in = value)), (s) => s.rows[0].in],
]

const values: readonly [kind: string, make: () => object, write: (value: Loose) => unknown][] = [
  ['an object', () => ({ n: 1 }), (value) => (value.n += 1)],
  ['an object without a prototype', () => Object.assign(Object.create(null), { n: 1 }), (value) => (value.n += 1)],
  ['a list', () => [1, { n: 1 }], (value) => value.push(value.length)],
  ['an object in a list', () => [1, { n: 1 }], (value) => (value[1].n += 1)],
  ['a Map', () => new Map([['a', { n: 1 }]]), (value) => value.set('b', (value.get('a').n += 1))],
  ['a Set', () => new Set<unknown>([1, { n: 1 }]), (value) => value.add(value.size + 1)],
  ['a Date', () => new Date(1), (value) => value.setTime(value.getTime() + 1)],
]

const cases = ways.flatMap(([way, put, read]) =>
  values.map(([kind, make, write]) => ({ way, put, read, kind, make, write })),
)

describe('what was read back of what was put in', () => {
  test.each(cases)('is written to after a commit: $kind, by $way', ({ put, read, make, write }) => {
    const draft = openDraft(base())
    put(draft.state, make())
    const held = read(draft.state) as Loose
    write(held)
    const first = draft.commit()
    write(held)
    const second = draft.commit()
    write(held)
    const third = draft.commit()

    const once = make()
    write(once)
    expect(read(first)).toEqual(once)
    write(once)
    expect(read(second)).toEqual(once)
    write(once)
    expect(read(third)).toEqual(once)
    expect(held).toBe(read(draft.state))
  })

  test.each(cases)('is one with what the author has put in, until the commit: $kind, by $way', (one) => {
    const draft = openDraft(base())
    const own = one.make()
    one.put(draft.state, own)
    const held = one.read(draft.state)
    expect(one.read(draft.state)).toBe(held)
    one.write(own)
    one.write(one.read(draft.state) as Loose)
    const expected = one.make()
    one.write(expected)
    one.write(expected)
    expect(own).toEqual(expected)
    expect(one.read(draft.commit())).toEqual(expected)
  })

  test.each(cases)('refuses to be written to when the draft is closed: $kind, by $way', (one) => {
    const draft = openDraft(base())
    const own = one.make()
    one.put(draft.state, own)
    const held = one.read(draft.state) as Loose
    draft.close()
    expect(() => one.write(held)).toThrow(expect.objectContaining({ code: 'immutable-state' }))
    expect(own).toEqual(one.make())
  })

  test('goes on where it was moved to, and where it was taken out and put in again', () => {
    const draft = openDraft(base())
    const { state } = draft
    state.rows.push({ n: 1 }, { n: 2 })
    const [first, second] = state.rows
    state.map.set('x', state.rows.shift())
    state.rows.pop()
    draft.commit()
    state.set.add(second)
    first.n = 10
    second.n = 20
    expect(draft.commit()).toMatchObject({ rows: [], map: new Map([['x', { n: 10 }]]), set: new Set([{ n: 20 }]) })
    first.n = 11
    second.n = 21
    expect(draft.commit()).toMatchObject({ rows: [], map: new Map([['x', { n: 11 }]]), set: new Set([{ n: 21 }]) })
  })

  test('is in one place after the commit, where it was put at two', () => {
    const draft = openDraft(base())
    const own = { n: 1 }
    draft.state.rows.push(own, own, { own })
    const [first] = draft.state.rows
    draft.commit()
    first.n = 2
    expect(draft.commit().rows).toEqual([{ n: 2 }, { n: 1 }, { own: { n: 1 } }])
  })

  test('is found in its list and Set, by itself and by what was put in', () => {
    const { state } = openDraft(base())
    const [row, element] = [{ n: 1 }, { n: 2 }]
    state.rows.push(row)
    state.set.add(element)
    const [read] = state.set
    expect([state.rows.indexOf(row), state.rows.indexOf(state.rows[0]), state.rows.includes(row)]).toEqual([0, 0, true])
    expect([state.set.has(element), state.set.has(read), state.set.size]).toEqual([true, true, 1])
    state.set.add(read)
    expect(state.set.size).toBe(1)
    expect(state.set.delete(read)).toBe(true)
  })

  test('is moved into another container of the author by either', () => {
    const draft = openDraft(base())
    const row = { n: 1 }
    draft.state.rows.push(row)
    const [read] = draft.state.rows
    draft.state.job = { in: read, list: [{ again: row }] }
    draft.state.rows = []
    expect(draft.commit().job).toEqual({ in: { n: 1 }, list: [{ again: { n: 1 } }] })
    read.n = 2
    expect(draft.commit().job).toEqual({ in: { n: 2 }, list: [{ again: { n: 1 } }] })
  })

  test('is given to another draft as it is', () => {
    const [one, other] = [openDraft(base()), openDraft(base())]
    one.state.job = { n: 1, deep: { n: 1 } }
    other.state.job = one.state.job
    other.state.rows.push({ in: one.state.job.deep })
    expect(other.commit()).toMatchObject({ job: { n: 1, deep: { n: 1 } }, rows: [{ in: { n: 1 } }] })
    expect(one.commit()).toMatchObject({ job: { n: 1, deep: { n: 1 } } })
  })
})

describe('what the author writes to his own container after a commit', () => {
  const follow = (make: () => Loose = base) => {
    const draft = openDraft(make())
    const given = new CopiedContainers()
    return { draft, state: draft.state, show: () => draft.commit(given), end: () => draft.commit() }
  }

  test.each(cases)('goes on to the state: $kind, by $way', ({ put, read, make, write }) => {
    const { state, show, end } = follow()
    const own = make()
    const expected = make()
    put(state, own)
    for (const commit of [show, show, end]) {
      expect(read(commit())).toEqual(expected)
      write(own)
      write(expected)
    }
  })

  test('is found beside what was written to the draft, also where it has moved', () => {
    const { state, show, end } = follow()
    const row: Loose = { id: 1, done: false, tags: ['a'], deep: { n: 1 } }
    state.rows.push({ id: 0 }, row)
    show()
    row.done = true
    row.deep.n = 2
    row.tags.push('b')
    state.rows[1].id = 7
    state.rows.shift()
    expect(show().rows).toEqual([{ id: 7, done: true, tags: ['a', 'b'], deep: { n: 2 } }])
    delete row.tags
    row.more = [{ x: 1 }]
    state.map.set('row', state.rows.pop())
    expect(show()).toMatchObject({
      rows: [],
      map: new Map([['row', { id: 7, done: true, deep: { n: 2 }, more: [{ x: 1 }] }]]),
    })
    row.more[0].x = 2
    expect(end().map.get('row').more).toEqual([{ x: 2 }])
  })

  test('changes nothing that it has not changed, and is not found any more once it was taken out', () => {
    const { state, show, end } = follow()
    const own = { n: 1 }
    state.job = own
    const first = show()
    expect(show()).toBe(first)
    state.job = { n: 5 }
    own.n = 2
    expect(end()).toEqual({ ...base(), job: { n: 5 } })
  })

  test('counts from when it was put in last', () => {
    const { state, show, end } = follow()
    const row = { id: 0 }
    for (let id = 1; id <= 3; id += 1) {
      row.id = id
      state.rows.push(row)
      show()
    }
    row.id = 9
    expect(end().rows).toEqual([{ id: 1 }, { id: 2 }, { id: 9 }])
  })

  test('of a list that grows is spliced, and keeps what did not change', () => {
    const { state, show } = follow()
    const lines: Loose[] = [{ n: 1 }, { n: 2 }]
    state.rows = lines
    const first = show()
    lines.push({ n: 3 })
    const second = show()
    lines.splice(0, 1)
    const third = show()
    expect(second.rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(third.rows).toEqual([{ n: 2 }, { n: 3 }])
    expect([second.rows[0] === first.rows[0], third.rows[0] === first.rows[1]]).toEqual([true, true])
  })

  test('that cannot live in state is refused with its place', () => {
    const { state, show, end } = follow()
    const own: Loose = { deep: {} }
    state.job = own
    show()
    own.deep.call = () => 1
    expect(() => end()).toThrow(
      expect.objectContaining({ code: 'invalid-value', message: expect.stringContaining('job.deep.call') }),
    )
  })

  test('is refused by name where it has more parts than are looked through', () => {
    const { state, show, end } = follow()
    const own = Array.from({ length: 2_000 }, (_, n): Loose => ({ n }))
    state.rows = own
    show()
    state.rows[0].n = 5
    show()
    ;(own[7] as Loose).n = 1
    expect(() => end()).toThrow(
      expect.objectContaining({ code: 'immutable-state', message: expect.stringContaining('rows') }),
    )
  })

  test('is bounded where it grows from one commit to the next', () => {
    const { state, show, end } = follow()
    const own: Loose[] = [{ n: 0 }]
    state.rows = own
    show()
    for (let n = 1; n <= 1_200; n += 1) own.push({ n })
    expect(show().rows).toHaveLength(1_201)
    own.push({ n: -1 })
    expect(() => end()).toThrow(expect.objectContaining({ code: 'immutable-state' }))
  })

  test('of one that is frozen, or has drafts and views in it, is nothing', () => {
    const { state, show, end } = follow(() => ({ ...base(), kept: { n: 1 } }))
    state.job = Object.freeze({ a: { n: 1 } })
    state.rows.push({ kept: state.kept })
    show()
    state.rows[0].kept.n = 2
    expect(end()).toMatchObject({ job: { a: { n: 1 } }, rows: [{ kept: { n: 2 } }] })
  })
})
