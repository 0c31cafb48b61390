/**
 * The conformance suite of the store port: each implementation runs it, yours too. It is a function of the test runner's
 * own `describe` and `it`, so that it ships without one.
 */
import type { StateStore, Stored } from './store.js'

interface Runner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

/** Calls that have failed, ended early, and replied. */
const ended = {
  ends: [{ id: 2, failure: { code: 'handler-failed' as const, message: 'no' } }, { id: 5 }],
  replies: [{ id: 3, reply: { id: 'ä', at: { $held: '[["Date","1970-01-01T00:00:00.000Z"]]' } } }],
  forgotten: 1,
}

/** `open` returns a new store, or, given `other`, another handle on the data of that store. */
export function storeSuite(
  name: string,
  runner: Runner,
  open: (other?: StateStore) => Promise<StateStore> | StateStore,
): void {
  const { describe, it } = runner
  const calls = [{ page: 'p', done: 3, ...ended }]
  const one = { revision: 1, state: { counter: { counter: 1 } }, calls: [], running: [], ended: [], shapes: {} }
  const two = {
    revision: 2,
    state: { counter: { counter: 2, list: [1, { deep: true }] } },
    calls,
    running: [
      { definition: 'counter', task: 'count', run: 'r', node: 'n', attempt: 1 },
      {
        definition: 'counter',
        task: 'sure',
        run: 's',
        node: 'n',
        attempt: 2,
        durable: { args: [new Date(5)], lost: 1, failed: 0 },
      },
    ],
    ended: [
      {
        definition: 'counter',
        task: 'other',
        outcome: 'failed' as const,
        failure: { code: 'task-failed' as const, message: 'no' },
      },
    ],
    shapes: { counter: { version: 2, kinds: { counter: 'number', list: 'array' } } },
  }

  describe(`store: ${name}`, () => {
    it('knows nothing of a token that was never saved', async () => {
      const store = await open()
      expectSame(await store.load('unknown'), undefined)
      await store.close()
    })
    it('loads what was saved last', async () => {
      const store = await open()
      await store.save('a', one)
      await store.save('a', two)
      expectSame(await store.load('a'), two)
      await store.close()
    })
    it('keeps every value that may live in state', async () => {
      const store = await open()
      const fields = {
        date: new Date(5),
        map: new Map<unknown, unknown>([['a', new Set([1, 'x'])]]),
        big: 2n ** 70n,
        nothing: undefined,
        numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0],
      }
      await store.save('a', { revision: 1, state: { all: fields }, calls: [], running: [], ended: [], shapes: {} })
      expectSame((await store.load('a'))?.state.all, fields)
      await store.close()
    })
    it('keeps the changes of a large field, however many', async () => {
      const store = await open()
      const list = Array.from({ length: 100 }, (_, index) => ({ index, text: `row ${index}` }))
      const saved = async (revision: number, state: Stored['state']) => {
        await store.save('a', { revision, state, calls: [], running: [], ended: [], shapes: {} })
        return state
      }
      let state = await saved(1, { big: { list, map: new Map([[{}, 1]]), n: 0 } })
      for (let revision = 2; revision < 60; revision += 1) {
        const rows = (state.big as { list: typeof list }).list.map((row) =>
          row.index === revision ? { ...row, text: `changed ${revision}` } : row,
        )
        state = await saved(revision, {
          big: { ...state.big, list: revision % 7 === 0 ? rows.slice(1) : rows, n: revision },
        })
      }
      state = await saved(60, { big: { list: state.big?.list }, small: { x: 1 } })
      expectSame((await store.read('a'))?.state, state)
      expectSame((await store.load('a'))?.state, state)
      await store.close()
    })
    it('keeps how runs have ended, with what they replied, and forgets those that are left out', () => keepsEnds(open))
    it('keeps tokens apart', async () => {
      const store = await open()
      await store.save('a', one)
      await store.save('b', {
        revision: 1,
        state: { counter: { counter: 9 } },
        calls: [],
        running: [],
        ended: [],
        shapes: {},
      })
      expectSame(await store.load('a'), one)
      await store.close()
    })
    it('finds the tokens of a browser, if it can, as they were saved last', async () => {
      const store = await open()
      if (store.ofBrowser) {
        const of = async (browser: string) => [...((await store.ofBrowser?.(browser)) ?? [])].sort()
        await store.save('a', { ...one, browser: 'x' })
        await store.save('b', { ...one, browser: 'x' })
        await store.save('c', { ...one, browser: 'y' })
        await store.save('d', one)
        expectSame(await of('x'), ['a', 'b'])
        expectSame((await store.load('a'))?.browser, 'x')
        await store.save('b', { ...two, browser: 'y' })
        await store.drop('a')
        expectSame(await of('x'), [])
        expectSame(await of('y'), ['b', 'c'])
        await store.load('c')
        await store.save('c', { ...two, browser: 'y', forgotten: true })
        expectSame((await store.read('c'))?.forgotten, true)
        await store.save('c', { ...two, revision: 3, browser: 'y' })
        expectSame((await store.read('c'))?.forgotten, undefined)
      }
      await store.close()
    })
    it('refuses a save that does not follow the kept revision, and keeps nothing of it', async () => {
      const store = await open()
      await store.save('a', one)
      for (const revision of [1, 3, 0]) {
        const refused = await attempt(() =>
          store.save('a', { revision, state: {}, calls: [], running: [], ended: [], shapes: {} }),
        )
        expectSame((refused as { code?: unknown } | undefined)?.code, 'stale-write')
      }
      expectSame(await store.load('a'), one)
      await store.close()
    })
    it('belongs to who loaded it last: what another handle saves then is refused, until it loads again', async () => {
      const first = await open()
      const second = await open(first)
      await first.save('a', one)
      expectSame(await second.load('a'), one)
      const refused = await attempt(() => first.save('a', two))
      expectSame((refused as { code?: unknown } | undefined)?.code, 'stale-write')
      expectSame(await first.load('a'), one)
      expectSame(((await attempt(() => second.save('a', two))) as { code?: unknown } | undefined)?.code, 'stale-write')
      await first.save('a', two)
      await second.drop('a')
      expectSame(await second.load('a'), two)
      await Promise.all([first.close(), second.close()])
    })
    it('lets one of two handles save a token that is new', async () => {
      const first = await open()
      const second = await open(first)
      const both = await Promise.all([first, second].map((store) => attempt(() => store.save('a', one))))
      expectSame(both.map((failure) => (failure as { code?: unknown } | undefined)?.code).sort(), [
        'stale-write',
        undefined,
      ])
      await Promise.all([first.close(), second.close()])
    })
    it('starts again at revision 1 after a drop', async () => {
      const store = await open()
      await store.save('a', one)
      await store.drop('a')
      await store.drop('a')
      expectSame(await store.load('a'), undefined)
      await store.save('a', one)
      expectSame(await store.load('a'), one)
      await store.close()
    })
  })
}

async function attempt(run: () => unknown): Promise<unknown> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error
  }
}

function expectSame(actual: unknown, expected: unknown): void {
  const [a, b] = [describeValue(actual), describeValue(expected)]
  if (a !== b) throw new Error(`the store suite expected ${b}, got ${a}`)
}

/** A text that differs when two values do; JSON has no word for some of them. */
function describeValue(value: unknown): string {
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Map) return `Map(${[...value].map(describeValue)})`
  if (value instanceof Set) return `Set(${[...value].map(describeValue)})`
  if (Array.isArray(value)) return `[${value.map(describeValue)}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value).map(([key, item]) => `${key}: ${describeValue(item)}`)}}`
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value) : String(value)
}

async function keepsEnds(open: () => Promise<StateStore> | StateStore): Promise<void> {
  const one = { revision: 1, state: { counter: { n: 1 } }, calls: [], running: [], ended: [], shapes: {} }
  const store = await open()
  const name = { definition: 'counter', task: 'count' }
  const [a, b] = [
    { ...name, run: 'a', order: 1, outcome: 'done' as const, result: { rows: ['x', null] } },
    {
      ...name,
      run: 'b',
      order: 2,
      outcome: 'failed' as const,
      failure: { code: 'task-failed' as const, message: 'no' },
    },
  ]
  await store.save('a', { ...one, runEnds: [a] })
  await store.save('a', { ...one, revision: 2, runEnds: [a, b] })
  expectSame((await store.load('a'))?.runEnds, [a, b])
  await store.save('a', { ...one, revision: 3, runEnds: [b] })
  expectSame((await store.read('a'))?.runEnds, [b])
  await store.close()
}
