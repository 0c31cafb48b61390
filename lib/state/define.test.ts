import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { diskStore } from '../doors/next.js'
import { createHub, redisStore } from '../doors/server.js'
import { HubRuntime } from '../hub/hub.js'
import { testHub } from '../testing/kit.js'
import { Registry } from './registry.js'

const code = (expected: string, ...texts: string[]) =>
  expect.objectContaining({
    code: expected,
    message: texts.length > 0 ? expect.stringMatching(texts.join('.*')) : expect.anything(),
  })

/** What an app does when it starts. */
const start =
  (...definitions: unknown[]) =>
  () =>
    new Registry().add(...definitions)

describe('an id', () => {
  it.each(['', ' ', '1a', 'a b', 'ä', '-a', '__proto__', 'a'.repeat(65), 'a\n', undefined, null, 5, {}])(
    'cannot be %j',
    (id) => {
      expect(() => defineState(id as string, () => ({}))).toThrow(code('invalid-definition'))
    },
  )

  it.each(['a', 'A1', 'shop/cart', 'a.b:c-d_e', 'constructor'])('can be %j', (id) => {
    expect(defineState(id, () => ({})).id).toBe(id)
  })
})

describe('two members of one name', () => {
  const base = defineState('s', () => ({ field: 1 }))
  it.each([
    ['a private field and a public field', () => base.private(() => ({ field: 1 })), 'public field', 'private field'],
    ['a computed value and a field', () => base.computed({ field: () => 1 }), 'computed value', 'public field'],
    ['an event and a field', () => base.events((on) => ({ field: on(() => {}) })), 'event', 'public field'],
    [
      'a task and a field',
      () => base.tasks((background) => ({ field: background(async () => {}) })),
      'task',
      'public field',
    ],
    [
      'two events of two stages',
      () => base.events((on) => ({ x: on(() => {}) })).events((on) => ({ x: on(() => {}) })),
      'event',
      'event',
    ],
    [
      'a task and an event',
      () => base.events((on) => ({ x: on(() => {}) })).tasks((background) => ({ x: background(async () => {}) })),
      'event',
      'task',
    ],
    [
      'a computed value and a task',
      () => base.tasks((background) => ({ x: background(async () => {}) })).computed({ x: () => 1 }),
      'task',
      'computed value',
    ],
  ])('%s fail when the app starts, and the message names both', (_, define, first, second) => {
    expect(() => start(define())()).toThrow(code('duplicate-member', first, second))
  })
})

describe('a declaration', () => {
  it.each(['then', 'constructor', 'prototype', 'toJSON', 'toString', 'valueOf', 'hasOwnProperty'])(
    'cannot be named %s',
    (name) => {
      expect(start(defineState('s', () => ({ [name]: 1 })))).toThrow(code('invalid-definition', name))
      expect(() => defineState('s', () => ({})).events((on) => ({ [name]: on(() => {}) }))).toThrow(
        code('invalid-definition', name),
      )
      expect(() =>
        defineState('s', () => ({})).tasks((background) => ({ [name]: background(async () => {}) })),
      ).toThrow(code('invalid-definition', name))
      expect(() => defineState('s', () => ({})).computed({ [name]: () => 1 } as Record<string, () => number>)).toThrow(
        code('invalid-definition', name),
      )
    },
  )

  it('cannot have a name with a control character, which stores put between names', () => {
    expect(start(defineState('s', () => ({ 'a\u0001b': 1 })))).toThrow(
      code('invalid-definition', 'contains a control character'),
    )
  })

  it('cannot have a field named __proto__', () => {
    expect(start(defineState('s', () => JSON.parse('{"__proto__": 1}')))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^invalid-/) }),
    )
  })

  it.each([
    ['fields that are no function', () => defineState('s', {} as never)],
    ['private fields that are no function', () => defineState('s', () => ({})).private({} as never)],
    ['a computed value that is no function', () => defineState('s', () => ({})).computed({ x: 1 } as never)],
    ['an event without on()', () => defineState('s', () => ({})).events(() => ({ x: () => {} }) as never)],
    [
      'an event made with background()',
      () =>
        defineState('s', () => ({}))
          .tasks((background) => {
            leaked = background(async () => {})
            return {}
          })
          .events(() => ({ x: leaked }) as never),
    ],
    ['a task without background()', () => defineState('s', () => ({})).tasks(() => ({ x: async () => {} }) as never)],
    ['on() without a function', () => defineState('s', () => ({})).events((on) => ({ x: on(5 as never) }))],
    [
      'on() with something that is no schema',
      () => defineState('s', () => ({})).events((on) => ({ x: on({} as never, () => {}) })),
    ],
    [
      'background() with an unknown concurrency',
      () =>
        defineState('s', () => ({})).tasks((background) => ({
          x: background({ concurrency: 'two' as never }, async () => {}),
        })),
    ],
    [
      'background() with something that is no schema',
      () =>
        defineState('s', () => ({})).tasks((background) => ({ x: background({ input: {} as never }, async () => {}) })),
    ],
  ])('cannot have %s', (_, define) => {
    expect(define).toThrow(code('invalid-definition'))
  })

  it('with a first value that cannot live in state fails when the app starts, naming the path', () => {
    expect(start(defineState('s', () => ({ list: [{ f: () => {} }] as unknown })))).toThrow(
      code('invalid-value', 's.list\\[0\\].f'),
    )
  })

  it('refuses to be called', () => {
    let event: unknown
    let task: unknown
    defineState('s', () => ({}))
      .tasks((background) => ({ x: (task = background(async () => {})) as never }))
      .events((on) => ({ y: (event = on(() => {})) as never }))
    expect(event as () => void).toThrow(code('not-callable'))
    expect(task as () => void).toThrow(code('not-callable'))
  })

  it('is left as it is by the stages that follow it', () => {
    const first = defineState('s', () => ({ n: 0 })).events((on) => ({ x: on(() => {}) }))
    first.events((on) => ({ y: on(() => {}) }))
    expect(first.manifest.events).toEqual(['x'])
  })
})

let leaked: unknown

describe('a manifest', () => {
  it('holds names and public first values, and nothing else', () => {
    const d = defineState('s', () => ({ n: 2 }))
      .private(() => ({ secret: 'hidden' }))
      .computed({ double: (s) => s.n * 2, length: (s) => s.secret.length })
      .tasks((background) => ({ work: background(async () => {}) }))
      .events((on) => ({ go: on(() => {}) }))
    expect(d.manifest).toEqual({ id: 's', defaults: { n: 2, double: 4, length: 6 }, events: ['go'], tasks: ['work'] })
    expect(JSON.stringify(d.manifest)).not.toContain('hidden')
  })
})

it.each([
  ['on', 'optimisitc', 'input, whenOffline, optimistic'],
  ['background', 'concurency', 'input, concurrency, again, onDisconnect, durable, retry, timeout, restartOnEdit'],
])('%s() refuses an option that it does not know, and says which there are', (maker, option, known) => {
  const define = () =>
    maker === 'on'
      ? defineState('d', () => ({})).events((on) => ({ e: on({ [option]: true } as object, () => {}) }))
      : defineState('d', () => ({})).tasks((background) => ({ t: background({ [option]: 1 } as object, () => {}) }))
  expect(define).toThrow(`${maker}({ ${option} }): unknown option. Known options: ${known}`)
})

it('an option inside of another one that does not exist is refused by name', () => {
  const task = (options: object) => () =>
    defineState('d', () => ({})).tasks((background) => ({ t: background(options as never, async () => {}) }))
  expect(task({ retry: { times: 1, delay: '1s' } })).toThrow(/retry\(\{ delay \}\): unknown option/)
  expect(task({ onDisconnect: { grace: '1s', after: 1 } })).toThrow(/onDisconnect\(\{ after \}\): unknown option/)
})

it('a computed value that throws on first values is named', () => {
  const d = defineState('shop', () => ({ list: [] as { n: number }[] })).computed({
    first: (s) => (s.list[0] as { n: number }).n,
  })
  expect(() => d.manifest).toThrow(/Computed "first" of state "shop" threw for the first values/)
})

class Foreign {
  n = 1
}
const cycle = () => {
  const one: Record<string, unknown> = {}
  one.deep = one
  return one
}
const fails = () => {
  throw new Error('no')
}
const withGetter = () => Object.defineProperty({}, 'a', { enumerable: true, get: () => 1 })
const withHole = () => Object.assign([1], { 2: 3 })

it.each<[string, () => unknown, string, string]>([
  ['throws', fails, 'invalid-definition', 'Computed "c" of state "d" threw for the first values: no'],
  ['returns a cycle', cycle, 'invalid-value', 'd.c.deep cannot hold the object that contains it (d.c)'],
  [
    'returns a function',
    () => fails,
    'invalid-value',
    'Computed "c" of state "d" returned a value that cannot be in state',
  ],
  ['returns a class', () => Foreign, 'invalid-value', 'd.c cannot hold a function (Foreign)'],
  ['returns an instance', () => new Foreign(), 'invalid-value', 'd.c cannot hold an instance of Foreign'],
  ['returns a promise', () => Promise.reject(new Error('no')), 'invalid-value', 'Computed values are synchronous'],
  ['returns a list with a hole', withHole, 'invalid-value', 'd.c[1] cannot hold a hole'],
  ['returns a Map with an object as a key', () => new Map([[{}, 1]]), 'invalid-value', 'as a key of a Map'],
  ['returns a getter', withGetter, 'invalid-value', 'd.c.a cannot hold a getter'],
])('a computed value that %s is refused by name on first values, and logged later', async (_, compute, code, says) => {
  const make = (when: number) =>
    defineState('d', () => ({ n: 0 }))
      .computed({ c: (s) => (s.n === when ? compute() : 1) })
      .events((on) => ({ add: on((s) => void (s.n += 1)) }))
  expect(() => make(0).manifest).toThrow(expect.objectContaining({ code, message: expect.stringContaining(says) }))
  const later = make(1)
  const { open, done, log } = testHub([later])
  const tab = await open()
  await done((await tab.watch(later)).add())
  expect(tab.state(later)).toMatchObject({ n: 1 })
  expect(log.lines).toEqual([
    expect.stringMatching(/Computed "c" of state "d" threw; pages get the state without it \(tab [0-9a-f]{8}\)\./),
  ])
})

it.each<[string, () => unknown, string]>([
  ['a cycle', () => ({ v: cycle() }), 'd.v.deep cannot hold the object that contains it (d.v): a cycle'],
  ['a cycle over a list', () => ({ list: [{ up: cycle() }] }), 'd.list[0].up.deep cannot hold the object'],
  ['a promise', async () => ({ n: 1 }), 'must come from a synchronous function'],
  ['a list', () => [1], 'must be a plain object'],
  ['a Map', () => new Map(), 'must be a plain object'],
  ['nothing', () => null, 'must be a plain object'],
  ['a getter', withGetter, 'd.a cannot hold a getter'],
])('first values that are %s are refused by name', (_, init, says) => {
  for (const define of [
    () => defineState('d', init as () => object),
    () => defineState('d', () => ({})).private(init as () => object),
  ])
    expect(() => define().manifest).toThrow(says)
})

it('a cycle that is put in is named where it closes, and what is deep where that begins', () => {
  const deep = Array.from({ length: 300 }).reduce<object>((inner) => ({ inner }), {})
  for (const [value, says] of [
    [new Map([['k', cycle()]]), 'd.v.get("k").deep cannot hold the object that contains it (d.v.get("k"))'],
    [deep, 'inner… cannot hold nesting deeper than 200 levels'],
  ] as const)
    expect(() => defineState('d', () => ({ v: value })).manifest).toThrow(says)
})

it.each<[string, () => unknown, string]>([
  ['computed() of a function', () => defineState('d', () => ({})).computed((() => 1) as never), '.computed('],
  ['computed() of nothing', () => defineState('d', () => ({})).computed(null as never), '.computed('],
  [
    'an async computed value',
    () => defineState('d', () => ({})).computed({ c: async () => 1 }),
    'must be a synchronous function',
  ],
  ['a class as a computed value', () => defineState('d', () => ({})).computed({ c: Foreign as never }), '"c" must be'],
  ['events() of an object', () => defineState('d', () => ({})).events({} as never), '.events((on) =>'],
  ['events() that return nothing', () => defineState('d', () => ({})).events((() => {}) as never), '.events((on) =>'],
  ['tasks() of an object', () => defineState('d', () => ({})).tasks({} as never), '.tasks((background) =>'],
  [
    'background() of a schema alone',
    () => defineState('d', () => ({})).tasks((background) => ({ t: background(z.string() as never, async () => {}) })),
    'background({ input: schema }, run)',
  ],
  [
    'background() of a word',
    () => defineState('d', () => ({})).tasks((background) => ({ t: background('single' as never, async () => {}) })),
    'background("single", run): expected options',
  ],
])('%s is refused by name', (_, define, says) => {
  expect(define).toThrow(
    expect.objectContaining({ code: 'invalid-definition', message: expect.stringContaining(says) }),
  )
})

it.each<[string, object, string]>([
  ['on', { timout: '1s' }, 'timeout'],
  ['on', { whenofline: 'reject' }, 'whenOffline'],
  ['background', { retires: 3 }, 'retry'],
  ['background', { retrys: 3 }, 'retry'],
  ['background', { retry: { tmies: 3 } }, 'times'],
  ['background', { onDisconnect: { graceMs: 3 } }, 'grace'],
])('%s(%j) says which option was meant', (maker, options, meant) => {
  const define = () =>
    maker === 'on'
      ? defineState('d', () => ({})).events((on) => ({ e: on(options, () => {}) }))
      : defineState('d', () => ({})).tasks((background) => ({ t: background(options, async () => {}) }))
  expect(define).toThrow(`Did you mean ${meant}?`)
})

it.each<[string, () => unknown, string]>([
  ['createHub', () => createHub({ limit: {} } as object), 'createHub({ limit }): unknown option'],
  ['createHub', () => createHub({ ondDuplicate: 'copy' } as object), 'Did you mean onDuplicate?'],
  ['limits', () => createHub({ limits: { retainMS: 1 } } as object), 'Did you mean retainMs?'],
  ['limits', () => createHub({ limits: { retainMs: '1s' } } as object), 'limits({ retainMs }): expected a number'],
  ['testHub', () => testHub([], { secrets: 'x' } as object), 'Did you mean secret?'],
  ['diskStore', () => diskStore({ dir: '.', survive: 'power' } as { dir: string }), 'Did you mean survives?'],
  ['redisStore', () => redisStore('redis://localhost', { perfix: 'x' } as object), 'Did you mean prefix?'],
])('%s refuses options that there are not', (_, make, says) => {
  expect(make).toThrow(says)
})

it('a limit that is undefined leaves the default', () => {
  const limits = { retainMs: undefined } as unknown as { retainMs: number }
  expect(new HubRuntime({ limits }).limits.retainMs).toBe(new HubRuntime().limits.retainMs)
})
