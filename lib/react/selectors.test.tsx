// @vitest-environment happy-dom
/** Whatever a selector returns: on the same view of the state, nothing renders again because of it. */
import { Component, createElement, type ReactNode, StrictMode, Suspense, use, useEffect, useState } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ClientView, defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({
  n: 0,
  other: 0,
  due: new Date(0),
  rows: [{ name: 'a' }, { name: 'b' }],
})).events((on) => ({
  add: on((s, by: number = 1) => void (s.n += by)),
  touch: on((s) => void (s.other += 1)),
}))
const twin = defineState('twin', () => ({ n: 0, rows: [{ name: 'a' }] }))
type View = ClientView<typeof d>

class Box {
  readonly n: number
  constructor(n: number) {
    this.n = n
  }
}

const cyclic = (n: number) => {
  const made: Record<string, unknown> = { n }
  made['self'] = made
  made['again'] = made
  return made
}

/** Has more to look into each time that somebody looks. */
const endless = (n: number): object =>
  new Proxy({ a: n, b: n }, { get: (target, key) => (key in target ? endless(n) : undefined) })

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** By name: what a selector makes of a number, a new value each time. */
const makers: Readonly<Record<string, (n: number) => unknown>> = {
  'a Set': (n) => new Set([n]),
  'a Map': (n) => new Map([[n, { n }]]),
  'a Date': (n) => new Date(n),
  'an invalid Date': () => new Date(Number.NaN),
  'a function': (n) => () => n,
  'an element': (n) => <b>{n}</b>,
  'an instance of a class': (n) => new Box(n),
  'an instance of a class in lists and objects': (n) => [{ box: new Box(n) }],
  'a list of Sets': (n) => [new Set([n]), new Set([{ n }])],
  'a Map of Maps': (n) => new Map([[n, new Map([[{ n }, new Set([n])]])]]),
  'an object of functions': (n) => ({ n, go: () => n }),
  'a Promise': (n) => Promise.resolve(n),
  'a Proxy': (n) => new Proxy({ n }, {}),
  'a Proxy without end': endless,
  'a Proxy that was revoked': revoked,
  'a Symbol': (n) => Symbol(String(n)),
  'a URL': (n) => new URL(`https://example.org/${n}`),
  'a typed array': (n) => new Uint8Array([n]),
  'an Error': (n) => new Error(String(n)),
  'an iterator': (n) => [n].values(),
  'a WeakMap': () => new WeakMap(),
  'a cycle': cyclic,
  'a subclass of Map': (n) => new (class extends Map<number, number> {})([[n, n]]),
  'an object without a prototype': (n) => Object.assign(Object.create(null), { n }),
  'an object that throws when it is looked into': () => ({
    get bad() {
      throw new Error('no')
    },
  }),
  NaN: () => Number.NaN,
  undefined: () => undefined,
}

let complaints: unknown[][] = []

beforeEach(() => {
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...given) => void complaints.push(given))
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  document.body.replaceChildren()
})

/** What keeps nothing from rendering for ever, if it does. */
const many = 60

/** A component that notes each of its renders, and fails rather than rendering for ever. */
function counted<T>(use: () => T) {
  const seen: T[] = []
  const Probe = () => {
    if (seen.length > many) throw new Error('This component renders for ever.')
    seen.push(use())
    return <i>{seen.length > 0}</i>
  }
  return { Probe, seen, now: () => seen.at(-1) as T }
}

async function shown<T>(use: () => T, wrap = (node: ReactNode) => node) {
  const page = openPage([d, twin])
  const { Probe, seen, now } = counted(use)
  const root = await page.show(wrap(<Probe />))
  await page.live()
  const before = () => seen.length
  return { ...page, seen, now, before, again: () => page.acting(async () => root.render(wrap(<Probe />))) }
}

describe.each(Object.entries(makers))('a selector that makes %s', (_, make) => {
  const stable = (s: View) => make(s.n)

  it('renders no more than one that selects a number', async () => {
    const plain = await shown(() => useServerState(d, (s) => s.n))
    const { seen } = await shown(() => useServerState(d, (s) => make(s.n)))
    expect(seen.length).toBeLessThanOrEqual(plain.seen.length + 1) // the first view of the hub is another than first values
    expect(complaints).toEqual([])
  })

  it('gives the same value for as long as the view is the same, if it is the same function', async () => {
    const { now, again, seen } = await shown(() => useServerState(d, stable))
    const [value, renders] = [now(), seen.length]
    await again()
    await again()
    expect(seen.length).toBe(renders + 2)
    expect(Object.is(now(), value)).toBe(true)
    expect(complaints).toEqual([])
  })

  it('is shown each change, once', async () => {
    const { now, seen, tab, done } = await shown(() => useServerState(d, ({ n }) => [n, make(n)] as const))
    const renders = seen.length
    await done(() => tab.state(d).add())
    expect([seen.length, now()[0]]).toEqual([renders + 1, 1])
    expect(complaints).toEqual([])
  })

  it('works in StrictMode, twice in one component, with other hooks between', async () => {
    const wrap = (node: ReactNode) => <StrictMode>{node}</StrictMode>
    const { seen, tab, done } = await shown(() => {
      const first = useServerState(d, (s) => make(s.n))
      const [, set] = useState(0)
      useEffect(() => set(1), [])
      return [first, useServerState(d, stable)]
    }, wrap)
    await done(() => tab.state(d).add())
    expect(seen.length).toBeLessThan(30)
    expect(complaints).toEqual([])
  })

  it('is hydrated without a warning', async () => {
    const Page = () => <i>{String(useServerState(d, (s) => [s.n, make(s.n)] as const)[0])}</i>
    vi.stubGlobal('window', undefined)
    const html = renderToString(<Page />)
    vi.unstubAllGlobals()
    const page = openPage([d])
    const { recovered } = await page.hydrate(html, <Page />)
    await page.live()
    await page.done(() => page.tab.state(d).add(2))
    expect(page.text()).toBe('2')
    expect([...complaints, ...recovered]).toEqual([])
  })
})

describe('a selector that makes a container', () => {
  it.each([
    ['a Set', (s: View) => new Set([s.n, ...s.rows])],
    ['a Map', (s: View) => new Map(s.rows.map((row) => [row.name, row]))],
    ['a Date', (s: View) => new Date(s.due.getTime() + s.n)],
    ['a Map of Sets', (s: View) => new Map([['rows', new Set(s.rows.map(({ name }) => name))]])],
    ['a list of NaN', (s: View) => [Number.NaN, s.n]],
    ['a cycle', (s: View) => cyclic(s.n)],
  ])('renders for no change of what it did not select: %s', async (_, select) => {
    const { now, seen, tab, done } = await shown(() => useServerState(d, (s) => select(s)))
    const [value, renders] = [now(), seen.length]
    await done(() => tab.state(d).touch())
    expect(seen.length).toBe(renders)
    expect(now()).toBe(value)
  })

  it.each<[string, (n: number) => unknown]>([
    ['a Set', (n) => new Set([n > 0 ? 'x' : 'y'])],
    ['a Set with fewer', (n) => new Set(n > 0 ? [1] : [1, 2])],
    ['a Set in another order', (n) => new Set(n > 0 ? [1, 2] : [2, 1])],
    ['a Map with another value', (n) => new Map([['a', n]])],
    ['a Map with another key', (n) => new Map([[n, 1]])],
    ['a Date', (n) => new Date(n)],
    ['a Date that becomes valid', (n) => new Date(n > 0 ? 0 : Number.NaN)],
    ['a Set where there was a Map', (n) => (n > 0 ? new Set() : new Map())],
    ['an object where there was a Date', (n) => (n > 0 ? {} : new Date(0))],
    ['0 where there was -0', (n) => [n > 0 ? 0 : -0]],
    ['a key with undefined where there was none', (n) => (n > 0 ? { a: undefined } : {})],
    ['a list of other holes', (n) => new Array(n + 3)],
    ['a hole where there was undefined', (n) => (n > 0 ? new Array(1) : [undefined])],
    ['a match at another place', (n) => (n > 0 ? ' x' : 'x').match(/x/)?.index],
    ['the whole match at another place', (n) => (n > 0 ? ' x' : 'x').match(/(?<c>x)/)],
    ['a Set of a list where there was one of its items', (n) => (n > 0 ? new Set([[1, 2]]) : new Set([1, 2]))],
    ['a Map of a list where there was one of its item', (n) => new Map([['a', n > 0 ? [1] : 1]])],
    ['an object with a key where there was another with its name', (n) => (n > 0 ? { a: 'b' } : { b: 'a' })],
    ['a deeper cycle', (n) => [cyclic(n)]],
  ])('renders when it shows something else: %s', async (_, make) => {
    const { seen, tab, done } = await shown(() => useServerState(d, ({ n }) => make(n)))
    const renders = seen.length
    await done(() => tab.state(d).add())
    expect(seen.length).toBe(renders + 1)
  })

  it('gives an inline selector what it had, so that effects do not run again', async () => {
    let runs = 0
    const { tab, done, seen } = await shown(() => {
      const names = useServerState(d, (s) => new Set(s.rows.map(({ name }) => name)))
      const [, set] = useState(0)
      useEffect(() => {
        runs += names.size > 0 ? 1 : 0
        set(runs)
      }, [names])
      return names
    })
    await done(() => tab.state(d).touch())
    expect(runs).toBe(1)
    expect(seen.length).toBeLessThan(6)
  })
})

describe('one selector', () => {
  const rows = (s: { readonly rows: readonly object[] }) => new Box(s.rows.length)

  it('gives all components the same value of a view', async () => {
    const page = openPage([d])
    const [first, second] = [counted(() => useServerState(d, rows)), counted(() => useServerState(d, rows))]
    await page.show([<first.Probe key="1" />, <second.Probe key="2" />])
    await page.live()
    expect(second.now()).toBe(first.now())
  })

  it('serves two states, in one component', async () => {
    const { now, seen } = await shown(() => [useServerState(d, rows), useServerState(twin, rows)])
    expect(now()).toEqual([new Box(2), new Box(1)])
    expect(seen.length).toBeLessThan(6)
    expect(complaints).toEqual([])
  })

  it('may make a promise that the component waits for', async () => {
    const asked: number[] = []
    const load = (s: View) => {
      asked.push(s.n)
      return Promise.resolve(s.n * 2)
    }
    const page = openPage([d])
    const Waits = () => <i>{use(useServerState(d, load))}</i>
    await page.show(
      <Suspense fallback="waits">
        <Waits />
      </Suspense>,
    )
    await page.live()
    await page.done(() => page.tab.state(d).add(4))
    expect(page.text()).toBe('8')
    expect(asked.length).toBeLessThan(5)
    expect(complaints).toEqual([])
  })
})

it('a selector that throws is caught by a boundary, and works on once the state lets it', async () => {
  class Boundary extends Component<{ children: ReactNode }, { failed: string }> {
    override state = { failed: '' }
    static getDerivedStateFromError = (error: Error) => ({ failed: error.message })
    override render = () => (this.state.failed ? this.state.failed : this.props.children)
  }
  const page = openPage([d])
  let renders = 0
  const Probe = () => {
    renders += 1
    return useServerState(d, ({ n }) => {
      if (n === 1) throw new Error('there is no one')
      return String(n)
    })
  }
  const tree = (key: string) => createElement(Boundary, { key, children: <Probe /> })
  const root = await page.show(tree('first'))
  await page.live()
  await page.done(() => page.tab.state(d).add())
  expect(page.text()).toBe('there is no one')
  expect(renders).toBeLessThan(10)
  await page.done(() => page.tab.state(d).add())
  await page.acting(async () => root.render(tree('second')))
  expect(page.text()).toBe('2')
})
