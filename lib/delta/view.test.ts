import { expect, test } from 'vitest'
import { readonlyView, unwrapView } from './view.js'

const state = () => ({
  n: 1,
  object: { a: { b: 1 } },
  array: [{ n: 1 }, 2],
  map: new Map([['a', { n: 1 }]]),
  set: new Set([{ n: 1 }]),
  date: new Date(1),
})

test('reads as what it shows', () => {
  const view = readonlyView(state())
  expect(JSON.stringify(view)).toBe(JSON.stringify(state()))
  expect({ ...view.object }).toEqual(state().object)
  expect([...view.array]).toEqual(state().array)
  expect(view.array.map((item) => item)).toEqual(state().array)
  expect([...view.map]).toEqual([...state().map])
  expect([view.map.size, view.map.has('a'), view.set.size, view.date.getTime()]).toEqual([1, true, 1, 1])
  expect(view.date.toISOString()).toBe(state().date.toISOString())
  expect(structuredClone(view.date)).toEqual(new Date(1))
  expect(Array.isArray(view.array)).toBe(true)
})

test('reads a frozen snapshot', () => {
  const { object, array } = state()
  for (const box of [object, object.a, array, array[0]]) Object.freeze(box)
  const view = readonlyView({ object, array })
  expect(view.object.a.b).toBe(1)
  expect(Object.entries(view.object)).toEqual([['a', { b: 1 }]])
  expect(Object.getOwnPropertyDescriptor(view.array, 'length')).toMatchObject({ value: 2, enumerable: false })
  expect(view.array.concat(3)).toEqual([{ n: 1 }, 2, 3])
  expect(Object.keys(view.array)).toEqual(['0', '1'])
})

test('is the same each time', () => {
  const snapshot = state()
  const view = readonlyView(snapshot)
  expect(readonlyView(snapshot)).toBe(view)
  expect(readonlyView(view)).toBe(view)
  expect(view.object.a).toBe(view.object.a)
  expect(view.map.get('a')).toBe([...view.map.values()][0])
  expect(view.array.indexOf(view.array[0] as never)).toBe(0)
  const [element] = view.set
  expect(view.set.has(element as never)).toBe(true)
  expect(unwrapView(view.object.a)).toBe(snapshot.object.a)
  expect(unwrapView(snapshot)).toBe(snapshot)
})

test('refuses every write, however deep', () => {
  const snapshot = state()
  const view = readonlyView(snapshot) as unknown as ReturnType<typeof state>
  const descriptor = (target: object, key: string) => Object.getOwnPropertyDescriptor(target, key)?.value
  const writes = [
    () => (view.n = 2),
    () => delete (view as { n?: number }).n,
    () => Object.defineProperty(view, 'x', { value: 1 }),
    () => Object.setPrototypeOf(view, null),
    () => Object.freeze(view),
    () => (view.object.a.b = 2),
    () => (descriptor(view.object, 'a').b = 2),
    () => (Object.values(view.object)[0]!.b = 2),
    () => view.array.push(1),
    () => view.array.sort(),
    () => view.array.fill(1),
    () => view.array.copyWithin(0, 1),
    () => (view.array.length = 0),
    () => Array.prototype.push.call(view.array, 1),
    () => ((view.array[0] as { n: number }).n = 2),
    () => view.array.some((item) => Object.assign(item, { n: 2 })),
    () => view.map.set('b', { n: 1 }),
    () => view.map.delete('a'),
    () => view.map.clear(),
    () => (view.map.get('a')!.n = 2),
    () => view.map.forEach((item) => void Object.assign(item, { n: 2 })),
    () => ([...view.map.entries()][0]![1].n = 2),
    () => view.set.add({ n: 2 }),
    () => view.set.delete([...view.set][0]!),
    () => view.set.clear(),
    () => ([...view.set.entries()][0]![0].n = 2),
    () => view.date.setTime(2),
    () => view.date.setFullYear(2000),
  ]
  for (const write of writes) expect(write, String(write)).toThrow(expect.objectContaining({ code: 'immutable-state' }))
  expect(snapshot).toEqual(state())
  expect(Reflect.ownKeys(view.map)).toEqual([])
})
