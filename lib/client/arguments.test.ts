// @vitest-environment happy-dom
/** What a call can be given, what arrives, and by which words the rest is refused: always as a rejection. */
import { runInNewContext } from 'node:vm'
import { createElement } from 'react'
import { describe, expect, it } from 'vitest'
import { defineState, HeldStateError } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'

const received: unknown[][] = []
const d = defineState('d', () => ({ n: 0, rows: [] as unknown[] }))
  .tasks((background) => ({ work: background(async (_self, ...args: unknown[]) => void received.push(args)) }))
  .events((on) => ({
    takes: on((_s, ...args: unknown[]) => {
      received.push(structuredClone(args))
    }),
    add: on({ optimistic: true }, (s, row: { names: string[] }) => {
      row.names.push('seen')
      s.rows.push(row)
    }),
  }))

async function page() {
  received.length = 0
  const kit = testHub([d])
  const tab = await kit.open()
  await tab.watch(d)
  return { ...kit, tab, state: () => tab.state(d) }
}

/** The failure of a call, which must be a rejection. */
async function refusal(...args: unknown[]): Promise<HeldStateError> {
  const { state, clock } = await page()
  let called: Promise<void>
  try {
    called = state().takes(...args)
  } catch (error) {
    throw new Error('The call threw.', { cause: error })
  }
  const failed = called.then(
    () => new Error('The call went well.'),
    (error: unknown) => error,
  )
  await clock.settle()
  const error = await failed
  expect(received).toEqual([])
  expect(state().takes.pending).toBe(false)
  if (!(error instanceof HeldStateError)) throw new Error('The failure has no code.', { cause: error })
  return error
}

const cyclic = () => {
  const made: { rows: unknown[] } = { rows: [] }
  made.rows.push({ of: made })
  return made
}
const cyclicMap = () => {
  const made = new Map<string, unknown>()
  return made.set('self', { made })
}
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])
/** Few objects, each at two places of the next: copies of them would be more than a page can make. */
const doubling = () => {
  let made: object = {}
  for (let level = 0; level < 40; level += 1) made = { a: made, b: made }
  return made
}
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
class Point {
  x = 1
}
class Numbers extends Array<number> {}
class Zoned extends Date {}
const file = () => new File(['x'], 'cat.png')

describe('an argument that cannot be sent rejects, and says the place and what to write instead', () => {
  it.each<[string, unknown, string, string]>([
    ['a function', () => 1, '', 'use its result'],
    ['a class', Point, '', 'use its result'],
    ['a symbol', Symbol('x'), '', 'Use a string.'],
    ['an instance of a class', new Point(), '', '{ ...value }'],
    ['a cycle', cyclic(), '.rows[0].of', 'ids'],
    ['a cycle through a Map', cyclicMap(), '.get("self").made', 'ids'],
    ['nesting without end', deep(300), '', '200'],
    ['a URL', new URL('https://example.org'), '', 'String(value)'],
    ['URLSearchParams', new URLSearchParams('a=1'), '', 'Object.fromEntries(value)'],
    ['a typed array', new Uint8Array([1]), '', 'Array.from(value)'],
    ['a Float64Array', new Float64Array([1]), '', 'Array.from(value)'],
    ['an ArrayBuffer', new ArrayBuffer(1), '', 'recipes/upload.md'],
    ['a DataView', new DataView(new ArrayBuffer(1)), '', 'recipes/upload.md'],
    ['a Blob', new Blob(['x']), '', 'recipes/upload.md'],
    ['a file', file(), '', 'recipes/upload.md'],
    ['a Promise', Promise.resolve(1), '', 'Await'],
    ['a RegExp', /x/, '', 'String(value)'],
    ['an Error', new Error('x'), '', 'message'],
    ['a DOM node', document.createElement('input'), '', 'value'],
    ['the element of a form', document.createElement('form'), '', 'new FormData(value)'],
    ['headers', new Headers({ a: 'b' }), '', 'Object.fromEntries(value)'],
    ['a text node', document.createTextNode('x'), '', 'value'],
    ['a WeakMap', new WeakMap(), '', '{ ...value }'],
    ['a class that calls itself a Map', Object.create({ [Symbol.toStringTag]: 'Map' }), '', ''],
    ['an element of React', createElement('b'), '', ''],
    ['a boxed number', Object(1), '', 'plain'],
    ['an iterator', [1].values(), '', 'Array.from(value)'],
    ['a Map with keys that are objects', new Map([[{}, 1]]), '', 'keys'],
    ['a key that is a symbol', { [Symbol('x')]: 1 }, '', 'key'],
    ['the key __proto__', JSON.parse('{"__proto__": 1}'), '', 'key'],
    ['a hole in a list', Object.assign(new Array(3), { 0: 1, 2: 3 }), '[1]', 'null'],
    ['a list of holes', new Array(2), '[0]', 'null'],
    ['a bigint of very many digits', 10n ** 20_000n, '', 'digits'],
    ['a proxy that was revoked', revoked(), '', ''],
    [
      'a getter',
      {
        get a() {
          return 1
        },
      },
      '.a',
      '{ ...value }',
    ],
  ])('%s', async (_, value, place, instead) => {
    const at = (where: string) => (place || instead ? `${where}${place}` : '')
    const first = await refusal(value)
    expect(first.code).toBe('invalid-value')
    expect(first.message).toContain('"takes" of state "d"')
    expect(first.message).toContain(at('arguments[0]'))
    expect(first.message).toContain(instead)
    expect(first.message.length).toBeLessThan(500)
    const nested = await refusal('ok', [{ 'a b': new Map([['k', new Set([value])]]) }])
    expect(nested.code).toBe('invalid-value')
    expect(nested.message).toContain(at('arguments[1][0]["a b"].get("k").(an element)'))
  })

  it('objects that are at more places than a message has bytes', async () => {
    const { code, message } = await refusal(doubling())
    expect(code).toBe('invalid-value')
    expect(message).toContain('more than 1000000 objects')
  })

  it('an event, native or of React, that is not the first', async () => {
    for (const event of [new Event('click'), { nativeEvent: new Event('click'), target: null }]) {
      const { code, message } = await refusal(1, event)
      expect(code).toBe('invalid-value')
      expect(message).toMatch(/arguments\[1\].*event\.currentTarget\.value/)
    }
  })

  it('the start of a task says so, too', async () => {
    const { state, done } = await page()
    const failed = done(state().work.start(() => 1))
    await expect(failed).rejects.toMatchObject({
      code: 'invalid-value',
      message: expect.stringContaining('"work" of state "d"'),
    })
  })

  it('an optimistic event shows nothing of it', async () => {
    const { state, done } = await page()
    await expect(done(state().add({ names: [() => 1] as never }))).rejects.toMatchObject({ code: 'invalid-value' })
    expect(state().rows).toEqual([])
  })

  it('the failure leads to the line of the call', async () => {
    const { stack } = await refusal(() => 1)
    expect(stack).toContain('arguments.test.ts')
  })
})

describe('what arrives', () => {
  it.each<[string, unknown, unknown]>([
    ['a Date of a subclass', new Zoned(5), new Date(5)],
    ['a list of a subclass', Numbers.from([1, 2]), [1, 2]],
    [
      'a Map of a subclass',
      new (class extends Map<unknown, unknown> {})([[1, new Zoned(5)]]),
      new Map([[1, new Date(5)]]),
    ],
    [
      'values of another realm',
      runInNewContext('({ at: new Date(5), list: [new Map([[1, new Set([{}])]])] })'),
      { at: new Date(5), list: [new Map([[1, new Set([{}])]])] },
    ],
    ['an invalid Date', new Date(Number.NaN), new Date(Number.NaN)],
    [
      'numbers that JSON has not',
      [Number.NaN, -0, Number.POSITIVE_INFINITY],
      [Number.NaN, -0, Number.POSITIVE_INFINITY],
    ],
    ['undefined', [undefined, { a: undefined }], [undefined, { a: undefined }]],
    ['a bigint', 10n ** 50n, 10n ** 50n],
    ['a Map and a Set', new Map([[1, new Set(['a'])]]), new Map([[1, new Set(['a'])]])],
    [
      'one object at two places',
      (({ a }) => ({ x: a, y: [a, a] }))({ a: { n: new Date(1) } }),
      { x: { n: new Date(1) }, y: [{ n: new Date(1) }, { n: new Date(1) }] },
    ],
    ['frozen values', Object.freeze([Object.freeze({ a: 1 })]), [{ a: 1 }]],
    ['a plain proxy', new Proxy({ a: [1] }, {}), { a: [1] }],
    ['nesting that state can hold', deep(150), deep(150)],
    [
      'keys that JSON or the wire treats specially',
      { constructor: 1, toJSON: 'x', $held: 'y', length: 2 },
      { constructor: 1, toJSON: 'x', $held: 'y', length: 2 },
    ],
  ])('is equal: %s', async (_, value, expected) => {
    const { state, done } = await page()
    await done(state().takes(value))
    expect(received).toEqual([[expected]])
  })

  it('one object at very many places', async () => {
    const { state, done } = await page()
    const row = { tags: [[], [], [], []], at: new Date(1) }
    await done(state().takes(new Array(500).fill(row)))
    expect(received[0]?.[0]).toHaveLength(500)
  })

  it('is what the values were when the call was made', async () => {
    const { state, done, tab } = await page()
    tab.drop()
    const [list, tags] = [[1], new Set([1])]
    const calls = [state().takes(list), state().takes(tags)]
    list.push(2)
    tags.add(2)
    await tab.reconnect()
    await done(Promise.all(calls))
    expect(received).toEqual([[[1]], [new Set([1])]])
  })

  it('is what was given, though an optimistic handler writes to its argument', async () => {
    const { state, done } = await page()
    const given = { names: ['x'] }
    const called = state().add(given)
    expect(state().rows).toEqual([{ names: ['x', 'seen'] }])
    expect(state().rows).toEqual([{ names: ['x', 'seen'] }])
    await done(called)
    expect(state().rows).toEqual([{ names: ['x', 'seen'] }])
    expect(given).toEqual({ names: ['x'] })
  })
})

describe('a form', () => {
  const form = (...fields: [string, string | File][]) => {
    const made = new FormData()
    for (const [name, value] of fields) made.append(name, value)
    return made
  }

  it('arrives as an object of its fields, with a list where a name is repeated', async () => {
    const { state, done } = await page()
    await done(state().takes(form(['text', 'tea'], ['tag', 'a'], ['tag', 'b'], ['empty', ''], ['constructor', 'c'])))
    await done(state().takes(1, { form: form(['text', 'milk']) }))
    await done(state().takes(form()))
    expect(received).toEqual([
      [{ text: 'tea', tag: ['a', 'b'], empty: '', constructor: 'c' }],
      [1, { form: { text: 'milk' } }],
      [{}],
    ])
  })

  it('with a file is refused by the name of its field and of the file, and leads to the recipe', async () => {
    const { code, message } = await refusal(form(['text', 'tea'], ['photo', file()]))
    expect(code).toBe('invalid-value')
    expect(message).toMatch(/arguments\[0\]\.photo.*"cat\.png".*recipes\/upload\.md/)
    const { message: second } = await refusal(form(['photos', file()], ['photos', file()]))
    expect(second).toContain('arguments[0].photos[0]')
  })

  it('in which no file was chosen is sent without that field', async () => {
    const { state, done } = await page()
    await done(state().takes(form(['text', 'tea'], ['photo', new File([], '')])))
    expect(received).toEqual([[{ text: 'tea' }]])
  })

  it('with a field __proto__ is refused', async () => {
    expect((await refusal(form(['__proto__', 'x']))).code).toBe('invalid-value')
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })
})
