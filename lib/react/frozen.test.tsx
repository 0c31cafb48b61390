// @vitest-environment happy-dom
/** What a page is given is frozen to the leaf in development, wherever it comes from, and goes on to be patched. */
import type { ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encode } from '../base/encode.js'
import { defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { predictions } from '../state/prediction.js'
import { stub } from '../state/stub.js'
import { openPage } from './page.fixture.js'
import { Painted } from './painted.js'

const row = (n: number) => ({ due: new Date(n), tags: new Set([n]) })
const shift = (s: { due: Date; byId: Map<string, ReturnType<typeof row>>; list: Set<unknown>[] }, by: number) => {
  s.due.setTime(s.due.getTime() + by)
  s.byId.set(`b${by}`, row(by))
  s.byId.get('a')?.tags.add(by)
  s.byId.get('a')?.due.setTime(by)
  s.list.push(new Set([new Map([[by, new Date(by)]])]))
}
const defined = defineState('plan', () => ({
  due: new Date(1),
  byId: new Map([['a', row(1)]]),
  list: [new Set<unknown>([new Map([[1, new Date(1)]])])],
}))
  .computed({
    tags: (s) => new Set([...s.byId.values()].flatMap(({ tags }) => [...tags])),
    first: (s) => new Date(s.due),
  })
  .events((on) => ({
    shift: on((s, by: number) => shift(s, by)),
    soon: on({ optimistic: (s, by: number) => shift(s, by) }, (s, by: number) => shift(s, by)),
    clear: on((s) => {
      s.byId.clear()
      s.list = []
    }),
    take: on((s, at: Date, of: ReadonlyMap<string, unknown>) => {
      s.due = at
      s.byId = new Map(of) as never
    }),
  }))
const d = stub(JSON.parse(JSON.stringify(defined.manifest)), predictions({ soon: shift as never })) as typeof defined

afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  document.body.replaceChildren()
})

type Value = { readonly [key: string]: unknown }

/** The names of all values below that can be changed. */
function changeable(value: unknown, name = 'it'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Object.isFrozen(value) ? [] : [name]
  if (value instanceof Date) return [...own, ...accepting(() => value.setTime(0), name)]
  if (value instanceof Map)
    return [
      ...own,
      ...accepting(() => value.set('x', 1), name),
      ...[...value].flatMap(([key, item]) => changeable(item, `${name}.${key}`)),
    ]
  if (value instanceof Set)
    return [
      ...own,
      ...accepting(() => value.add('x'), name),
      ...[...value].flatMap((item) => changeable(item, `${name}.item`)),
    ]
  return [...own, ...Object.entries(value as Value).flatMap(([key, item]) => changeable(item, `${name}.${key}`))]
}

function accepting(write: () => unknown, name: string): string[] {
  try {
    write()
    return [`${name} was changed`]
  } catch (error) {
    return (error as { code?: string }).code === 'immutable-state' ? [] : [`${name}: ${error}`]
  }
}

async function shown() {
  const page = openPage([defined])
  const seen: ReturnType<typeof state>[] = []
  const state = () => useServerState(d)
  const Page = () => {
    seen.push(state())
    return <i>{seen.length}</i>
  }
  await page.show(<Page />)
  return { ...page, seen, now: () => seen.at(-1) as ReturnType<typeof state> }
}

describe('what a page is given is frozen to the leaf', () => {
  it('as first values, as the hub has sent it, and after each patch, which goes on to fit', async () => {
    const { seen, now, live, done } = await shown()
    await live()
    for (const by of [5, 6]) await done(() => now().shift(by))
    expect(structuredClone(now().byId)).toEqual(
      new Map([
        ['a', { due: new Date(6), tags: new Set([1, 5, 6]) }],
        ['b5', row(5)],
        ['b6', row(6)],
      ]),
    )
    expect(now().due.getTime()).toBe(12)
    expect(now().list).toHaveLength(3)
    expect([...now().tags]).toEqual([1, 5, 6])
    await done(() => now().clear())
    expect([now().byId.size, now().list]).toEqual([0, []])
    expect(seen.flatMap((each) => changeable(each))).toEqual([])
    expect(seen.length).toBeGreaterThan(4)
  })

  it('as a page expects it of an optimistic event', async () => {
    const { now, live, tab, acting, done } = await shown()
    await live()
    tab.wire.deaf = true
    await acting(
      async () =>
        void now()
          .soon(5)
          .catch(() => {}),
    )
    expect(now().due.getTime()).toBe(6)
    expect([...now().byId.keys()]).toEqual(['a', 'b5'])
    expect(changeable(now())).toEqual([])
    await acting(
      async () =>
        void now()
          .soon(6)
          .catch(() => {}),
    )
    expect(now().due.getTime()).toBe(12)
    expect(changeable(now())).toEqual([])
    tab.wire.deaf = false
    tab.drop()
    await done(() => tab.reconnect())
    expect(now().due.getTime()).toBe(12)
    expect(changeable(now())).toEqual([])
  })

  it('as a selector gives it of the state', async () => {
    const page = openPage([defined])
    const seen: unknown[] = []
    const Page = () => {
      seen.push(useServerState(d, ({ due, byId, tags }) => ({ due, parts: [...byId.values()], tags })))
      return null
    }
    await page.show(<Page />)
    await page.live()
    for (const { due, parts, tags } of seen as { due: unknown; parts: unknown[]; tags: unknown }[])
      expect([due, ...parts, tags].flatMap((each) => changeable(each))).toEqual([])
  })

  it('as a server renders it, of first values and of the tab', async () => {
    const seen: unknown[] = []
    const Page = () => {
      seen.push(useServerState(d))
      return null
    }
    const painting = (value: ReactNode) => {
      const paint = {
        mark: 'm',
        views: { plan: encode({ due: new Date(3), byId: new Map([['a', row(3)]]), list: [] }) },
      }
      const ready = Object.assign(Promise.resolve(paint), { status: 'fulfilled', value: paint })
      return <Painted painting={ready}>{value}</Painted>
    }
    vi.stubGlobal('window', undefined)
    renderToString(<Page />)
    renderToString(painting(<Page />))
    vi.unstubAllGlobals()
    expect(seen).toHaveLength(2)
    expect(seen.flatMap((each) => changeable(each))).toEqual([])
    const page = openPage([defined])
    await page.hydrate('', painting(<Page />))
    expect((seen[2] as { due: Date }).due.getTime()).toBe(3)
    expect(seen.flatMap((each) => changeable(each))).toEqual([])
  })
})

it('a write that is refused names the place, and the page goes on to show what is true', async () => {
  const { now, live, done } = await shown()
  await live()
  expect(() => now().due.setDate(3)).toThrow('plan.due was changed by Date.setDate()')
  expect(() => now().byId.get('a')?.due.setTime(3)).toThrow('plan.byId.get("a").due')
  expect(() => (now().tags as Set<number>).add(3)).toThrow('plan.tags')
  await done(() => now().shift(1))
  expect(now().due.getTime()).toBe(2)
})

it('in production only the object itself is frozen: nothing is walked', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  const { now, live } = await shown()
  await live()
  expect([now(), now().list, now().due, now().byId].map(Object.isFrozen)).toEqual([true, false, false, false])
  expect(new Date(now().due).setTime(5)).toBe(5)
})

it('what is shown can be an argument', async () => {
  const { now, live, done } = await shown()
  await live()
  await done(() => now().shift(4))
  await done(() => now().take(now().first, now().byId))
  expect(now().due.getTime()).toBe(5)
  expect(now().byId.get('b4')?.due.getTime()).toBe(4)
})
