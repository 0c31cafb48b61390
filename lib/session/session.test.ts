import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { crowdLimits } from '../base/crowd-limits.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { HubRuntime } from '../hub/hub.js'
import type { HubOptions } from '../hub/options.js'
import { protocolVersion } from '../protocol/version.js'
import { memoryStore } from '../store/memory.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const page = 'a'.repeat(32)
const received: unknown[] = []

const d = defineState('d', () => ({ n: 0, last: null as unknown, free: {} as Record<string, number> }))
  .private(() => ({ secret: 'hidden' }))
  .tasks((background) => ({
    run: background({ input: z.object({ ms: z.number() }) }, ({ sleep }, { ms }) => sleep(ms)),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    take: on((_s, ...args: unknown[]) => {
      received.push(args)
    }),
    keep: on((s, value: unknown) => {
      s.last = value
    }),
    setKey: on((s, key: string) => {
      s.free[key] = 1
    }),
    secretly: on((s) => {
      s.secret += '!'
    }),
    zod: on(z.object({ age: z.coerce.number<string>().int() }), (s, { age }) => {
      s.last = age
    }),
    zodAsync: on(
      z.string().refine(async (text) => text !== 'taken', 'is taken'),
      (s, text) => {
        s.last = text
      },
    ),
    valibot: on(
      v.pipe(
        v.string(),
        v.minLength(3),
        v.transform((text) => text.length),
      ),
      (s, length) => {
        s.last = length
      },
    ),
    valibotAsync: on(
      v.pipeAsync(
        v.string(),
        v.checkAsync(async (text) => text !== 'taken', 'is taken'),
      ),
      (s, text) => {
        s.last = text
      },
    ),
    arktype: on(type('string.numeric.parse'), (s, n) => {
      s.last = n
    }),
    throwingSchema: on(
      z.string().transform((): number => {
        throw new Error('inside the schema')
      }),
      (s, n) => {
        s.last = n
      },
    ),
  }))

/** A tab that speaks the wire itself, so that it can say anything. */
async function raw(options: Partial<HubOptions> = {}, hello: object = {}) {
  const kit = testHub([d], options as never)
  const said: unknown[][] = []
  let closed = 0
  const connection = {
    send: (name: string, ...args: unknown[]) => void said.push(JSON.parse(JSON.stringify([name, ...args]))),
    close: () => {
      closed += 1
    },
  }
  const session = kit.hub.connect(
    connection,
    { version: protocolVersion, page, subscriptions: [[0, 'tab', ['d']]], ...hello },
    'browser',
  )
  await kit.clock.settle()
  const [hi, welcome] = said.splice(0, 2)
  /** What the hub answers. */
  const say = async (name: unknown, ...args: unknown[]) => {
    said.length = 0
    session.receive(name, args)
    await kit.clock.advance(20)
    return [...said]
  }
  return { ...kit, session, hi, welcome, say, said, closed: () => closed }
}

/** The failure with which the hub settles call 1. */
const settledWith = (code: unknown, id = 1) => [
  ['d', [0, expect.any(Number), expect.any(Number), [], [[id, code, expect.any(String)]]]],
]
/** A value that cannot live in state is refused where it is decoded. */
const unfit = settledWith(expect.stringMatching(/^invalid-(message|arguments)$/))
const failed = (code: string) => [['f', 0, code, expect.any(String)]]

describe('a message from outside', () => {
  it.each([
    ['an unknown name', ['shout'], failed('invalid-message')],
    ['an empty name', [''], failed('invalid-message')],
    ['no name at all', [undefined], failed('invalid-message')],
    ['a name that is no text', [{ call: 1 }], failed('invalid-message')],
    ['the name of a prototype member', ['__proto__'], failed('invalid-message')],
    ['a call without anything', ['call'], failed('invalid-message')],
    ['a call with a negative id', ['call', 0, -1, 'd', 'add', [1]], failed('invalid-message')],
    ['a call with a broken id', ['call', 0, 1.5, 'd', 'add', [1]], failed('invalid-message')],
    ['a call with a text as id', ['call', 0, '1', 'd', 'add', [1]], failed('invalid-message')],
    ['a call without definition', ['call', 0, 1], settledWith('invalid-message')],
    ['a call without member', ['call', 0, 1, 'd'], settledWith('invalid-message')],
    ['a call whose member is a list', ['call', 0, 1, 'd', ['add'], [1]], settledWith('invalid-message')],
    ['a call whose arguments are no list', ['call', 0, 1, 'd', 'add', 5], settledWith('invalid-message')],
    ['a call whose arguments are an object', ['call', 0, 1, 'd', 'add', { 0: 1 }], settledWith('invalid-message')],
    ['a call with broken devalue', ['call', 0, 1, 'd', 'take', { $held: 'nonsense' }], settledWith('invalid-message')],
    [
      'a call with devalue that is no list',
      ['call', 0, 1, 'd', 'take', { $held: '[{"a":1},1]' }],
      settledWith('invalid-message'),
    ],
    [
      'a call with a devalue type of its own',
      ['call', 0, 1, 'd', 'take', { $held: '[["RegExp","x"]]' }],
      settledWith('invalid-message'),
    ],
    ['a call with too many arguments', ['call', 0, 1, 'd', 'take', Array(33).fill(0)], settledWith('invalid-message')],
    ['an unknown definition', ['call', 0, 1, 'nope', 'add', [1]], settledWith('unknown-definition')],
    ['an unknown member', ['call', 0, 1, 'd', 'nope', [1]], settledWith('unknown-member')],
    ['an event that is to be cancelled', ['cancel', 0, 1, 'd', 'add'], settledWith('unknown-member')],
    ['an unknown definition to cancel', ['cancel', 0, 1, 'nope', 'run'], settledWith('unknown-definition')],
    ['an unknown definition to watch', ['watch', 0, 1, 'nope'], settledWith('unknown-definition')],
    ['a batch that is no list', ['batch', 'x'], failed('invalid-message')],
    ['a batch of things that are no messages', ['batch', [1, 'call']], failed('invalid-message')],
    ['a batch in a batch', ['batch', [['batch', [['call', 0, 1, 'd', 'add', [1]]]]]], failed('invalid-message')],
    ['a batch with an empty message', ['batch', [[]]], failed('invalid-message')],
  ] as [string, [unknown, ...unknown[]], unknown][])(
    '%s is answered with a typed failure',
    async (_, message, answer) => {
      const { say, hub, log } = await raw()
      expect(await say(...message)).toEqual(answer)
      expect(await say('call', 0, 7, 'd', 'add', [1])).toEqual([['d', [0, 0, 1, [[[0, 'n'], 1]], [[7]]]]])
      expect(hub.locks.held).toBe(0)
      expect(log.lines).toEqual([])
    },
  )

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then', ''])(
    'the name %j reaches nothing: neither as a definition, nor as a member, nor as a task',
    async (name) => {
      const { say } = await raw()
      expect(await say('call', 0, 1, name, 'add', [1])).toEqual(settledWith('unknown-definition'))
      expect(await say('watch', 0, 2, name)).toEqual(settledWith('unknown-definition', 2))
      expect(await say('call', 0, 3, 'd', name, [1])).toEqual(settledWith('unknown-member', 3))
      expect(await say('cancel', 0, 4, 'd', name)).toEqual(settledWith('unknown-member', 4))
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    },
  )

  it('a key "__proto__" in arguments is refused, however deep', async () => {
    const { say } = await raw()
    received.length = 0
    for (const text of ['[{"__proto__":{"polluted":1}}]', '[{"a":[{"__proto__":null}]}]'])
      expect(await say('call', 0, 1, 'd', 'take', JSON.parse(text))).toEqual(unfit)
    expect(await say('call', 0, 1, 'd', 'setKey', ['__proto__'])).toMatchObject([
      ['d', [0, 0, 0, [], [[1, 'invalid-value', expect.any(String)]]]],
    ])
    expect(received).toEqual([])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('keys "constructor" and "toString" in arguments are plain data', async () => {
    const { say } = await raw()
    received.length = 0
    await say('call', 0, 1, 'd', 'take', [{ constructor: { prototype: { polluted: 1 } }, toString: 1 }])
    expect(received).toEqual([[{ constructor: { prototype: { polluted: 1 } }, toString: 1 }]])
    expect(await say('call', 0, 2, 'd', 'setKey', ['constructor'])).toEqual([
      ['d', [0, 0, 1, [[[0, 'free', 'constructor'], 1]], [[2]]]],
    ])
  })

  it('nesting without end is refused', async () => {
    const { say } = await raw()
    let deep: unknown = 0
    for (let index = 0; index < 5_000; index += 1) deep = [deep]
    expect(await say('call', 0, 1, 'd', 'take', [deep])).toEqual(unfit)
  })

  it.each([1, 2, 3, 4])('anything at all never throws, and changes nothing, with seed %i', async (seed) => {
    const { session, clock, hub, log, say } = await raw()
    const name = fc.oneof(
      fc.constantFrom('call', 'cancel', 'watch', 'resync', 'open', 'close', 'heard', 'batch'),
      fc.string(),
      fc.anything(),
    )
    await fc.assert(
      fc.asyncProperty(
        name,
        fc.array(fc.oneof(fc.anything(), fc.constantFrom(0, 'd', 'nope', 'run', {})), { maxLength: 5 }),
        async (first, args) => {
          session.receive(first, args)
          await clock.settle()
        },
      ),
      { seed, numRuns: crowdLimits.unreadableMessages }, // after that many it is closed
    )
    await clock.advance(3 * processLimits.resyncLongestMs)
    expect(hub.backgroundTasks.size).toBe(0)
    expect(log.lines).toEqual([])
    const [[kind, , , revision, views]] = (await say('resync', 0)) as [[string, number, string, number, unknown[]]]
    expect([kind, revision, views[0]]).toMatchObject(['w', 0, { n: 0, last: null, free: {} }])
  })
})

describe('a flood', () => {
  it('of requests for the whole state is answered once a frame', async () => {
    const { session, said, clock } = await raw()
    said.length = 0
    for (let index = 0; index < 200; index += 1) {
      session.receive('resync', [0])
      if (index % 50 === 0) await clock.settle()
    }
    await clock.advance(20)
    const welcomes = said.filter((message) => (message as unknown[])[0] === 'w')
    expect(welcomes.length).toBeGreaterThan(0)
    expect(welcomes.length).toBeLessThanOrEqual(2)
  })

  it('of cancels is bounded like calls', async () => {
    const { session, said, clock } = await raw({ limits: { callsPerTab: 3 } })
    session.receive('call', [0, 0, 'd', 'run', [{ ms: 1000 }]])
    await clock.settle()
    for (let id = 1; id <= 5; id += 1) session.receive('cancel', [0, id, 'd', 'run'])
    await clock.advance(20)
    expect(JSON.stringify(said).match(/inbox-full/g)).toHaveLength(2)
  })
})

describe('a page of another app', () => {
  const hello = { version: protocolVersion, page, subscriptions: [[0, 'tab', ['d']]], token: 'signed by another hub' }
  const inZone = (zone: string) => ({ ...hello, app: `${zone}#1a2b3c4d` })

  it.each([
    [
      '/',
      '/shop',
      /belongs to the app at \/shop but reached the server of the app at \/\. Configure the proxy to forward requests for \/shop\/_heldstate/,
    ],
    ['/shop', '/', /belongs to the app at \/ but .* at \/shop\. Configure the proxy .* requests for \/_heldstate/],
  ])('at %s is refused by name, before its token is looked at', (own, zone, sentence) => {
    const { hub } = testHub([d])
    hub.registry.app = `${own}#1a2b3c4d`
    expect(() => hub.connect({ send: () => {}, close: () => {} }, inZone(zone), 'browser')).toThrow(
      expect.objectContaining({ code: 'other-app', message: expect.stringMatching(sentence) }),
    )
  })

  it('at the same path says what to write', () => {
    const { hub } = testHub([d])
    hub.registry.app = '/#99999999'
    expect(() => hub.connect({ send: () => {}, close: () => {} }, inZone('/'), 'browser')).toThrow(
      expect.objectContaining({
        code: 'other-app',
        message: expect.stringContaining('withHeldState({ … }, { zone: '),
      }),
    )
  })

  it('is refused as well where the hub learns which app it serves with its first definitions', async () => {
    const hub = new HubRuntime({ prepare: () => void (hub.registry.app = '/#1a2b3c4d') })
    hub.registry.add(d)
    const said: unknown[][] = []
    const connection = { send: (...message: unknown[]) => void said.push(message), close: () => {} }
    hub.connect(connection, { ...inZone('/shop'), token: undefined }, 'browser')
    await vi.waitFor(() => expect(said).toEqual([['bye', 'other-app', expect.any(String)]]))
    await hub.close()
  })

  it('is not one of the same app, of one that names none, or of a hub that knows none', () => {
    const { hub } = testHub([d])
    const connect = (app?: string) => () =>
      hub.connect({ send: () => {}, close: () => {} }, { ...hello, token: undefined, ...(app && { app }) }, 'browser')
    expect(connect('/shop#1a2b3c4d')).not.toThrow()
    hub.registry.app = '/#1a2b3c4d'
    expect(connect('/#1a2b3c4d')).not.toThrow()
    expect(connect()).not.toThrow()
  })
})

describe('a hello', () => {
  const connect = (hello: unknown) => {
    const { hub } = testHub([d])
    return () => hub.connect({ send: () => {}, close: () => {} }, hello, 'browser')
  }
  const hello = { version: protocolVersion, page, subscriptions: [[0, 'tab', []]] }

  it.each([
    ['nothing', undefined, 'invalid-message'],
    ['a text', 'hello', 'invalid-message'],
    ['null', null, 'invalid-message'],
    ['another version', { ...hello, version: protocolVersion + 1 }, 'protocol-version'],
    ['no version', { subscriptions: [[0, 'tab', []]] }, 'protocol-version'],
    ['no subscriptions', { version: protocolVersion, page }, 'invalid-message'],
    ['no page', { version: protocolVersion, subscriptions: [[0, 'tab', []]] }, 'invalid-message'],
    ['a page of a made-up form', { ...hello, page: '__proto__' }, 'invalid-message'],
    ['a broken number of the last message', { ...hello, lastSeq: -1 }, 'invalid-message'],
    ['states that are no texts', { ...hello, subscriptions: [[0, 'tab', [1]]] }, 'invalid-message'],
    ['a state twice', { ...hello, subscriptions: [[0, 'tab', ['d', 'd']]] }, 'invalid-message'],
    ['a token that is no text', { ...hello, token: 5 }, 'invalid-token'],
    ['a name of the app that is no text', { ...hello, app: 5 }, 'invalid-message'],
    ['an empty token', { ...hello, token: '' }, 'invalid-token'],
    ['a malformed token', { ...hello, token: 'x'.repeat(65) }, 'invalid-token'],
    ['a token with a made-up signature', { ...hello, token: `${'a'.repeat(32)}.${'b'.repeat(32)}` }, 'invalid-token'],
    [
      'a token with a line break behind it',
      { ...hello, token: `${'a'.repeat(32)}.${'b'.repeat(32)}\n` },
      'invalid-token',
    ],
  ])('with %s is refused', (_, given, code) => {
    expect(connect(given)).toThrow(expect.objectContaining({ code }))
  })

  it('with the token of another browser is refused, and reaches nothing of its state', async () => {
    const { hub, open } = testHub([d])
    const tab = await open()
    const stolen = { ...hello, token: tab.signedToken }
    const connection = { send: () => {}, close: () => {} }
    expect(() => hub.connect(connection, stolen, 'thief')).toThrow(expect.objectContaining({ code: 'invalid-token' }))
    expect(() => hub.connect(connection, stolen, tab.browser)).not.toThrow()
  })

  it('with an unknown state among the watched ones says so, and welcomes the tab to the others', async () => {
    const { hi, welcome, said } = await raw({}, { subscriptions: [[0, 'tab', ['nope', 'd']]] })
    expect(hi).toEqual(['f', 0, 'unknown-definition', expect.any(String)])
    expect(welcome).toMatchObject(['hi', expect.any(String), expect.any(Number)])
    expect(said).toMatchObject([['w', 0, expect.any(String), 0, [{ $held: '-1' }, { n: 0 }], 0]])
  })
})

describe('arguments', () => {
  it.each([
    ['zod', { age: '7' }, 7],
    ['zodAsync', 'free', 'free'],
    ['valibot', 'four', 4],
    ['valibotAsync', 'free', 'free'],
    ['arktype', '42', 42],
  ])('are validated and transformed by %s', async (event, input, output) => {
    const { say } = await raw()
    expect(await say('call', 0, 1, 'd', event, [input])).toEqual([['d', [0, 0, 1, [[[0, 'last'], output]], [[1]]]]])
  })

  it.each([
    ['zod', { age: 'old' }, 'age'],
    ['zod', null, ''],
    ['zodAsync', 'taken', 'is taken'],
    ['valibot', 'no', '3'],
    ['valibotAsync', 'taken', 'is taken'],
    ['arktype', 'x', ''],
    ['run', { ms: 'x' }, 'ms'],
    ['run', null, ''],
  ])('that %s refuses fail with what is wrong, and nothing is changed', async (event, input, text) => {
    const { say, hub, log } = await raw()
    const [answer] = await say('call', 0, 1, 'd', event, [input])
    const [, [, , , patches, [[, code, message]]]] = answer as [
      string,
      [number, number, number, unknown[], [[number, string, string]]],
    ]
    expect(patches).toEqual([])
    expect(code).toBe('invalid-arguments')
    expect(message).toContain(text)
    expect(hub.backgroundTasks.size).toBe(0)
    expect(log.lines).toEqual([])
  })

  it('whose schema throws fail typed, and the next call works', async () => {
    const { say } = await raw()
    expect(await say('call', 0, 1, 'd', 'throwingSchema', ['x'])).toEqual([
      [
        'd',
        [0, 0, 0, [], [[1, 'handler-failed', expect.stringMatching(/^Something went/), [], null, 'inside the schema']]],
      ],
    ])
    expect(await say('call', 0, 2, 'd', 'add', [1])).toEqual([['d', [0, 0, 1, [[[0, 'n'], 1]], [[2]]]]])
  })

  it('and results cross with every value that may live in state', async () => {
    const { open, clock } = testHub([d])
    const tab = await open()
    const state = await tab.watch(d)
    const value = {
      at: new Date(5),
      map: new Map([['a', new Set([1n])]]),
      nothing: undefined,
      odd: [Number.NaN, -0],
      $held: 'x',
    }
    await done(clock, state.keep(value))
    expect(tab.state(d).last).toEqual(value)
  })
})

describe('bounds', () => {
  it('more calls than a tab may have waiting are refused with inbox-full, and the others are handled', async () => {
    let letGo = () => {}
    const opened = new Promise<void>((resolve) => {
      letGo = resolve
    })
    let hold = false
    const { session, clock, said } = await raw({
      limits: { callsPerTab: 3 },
      prepare: () => (hold ? opened : undefined),
    })
    said.length = 0
    hold = true
    for (let id = 1; id <= 6; id += 1) session.receive('call', [0, id, 'd', 'add', [1]])
    await clock.advance(20)
    expect(said.flatMap(([, change]) => (change as unknown[])[4])).toEqual(
      [5, 6].map((id) => [id, 'inbox-full', expect.any(String)]),
    )
    hold = false
    letGo()
    await clock.advance(20)
    expect(said.at(-1)).toEqual(['d', [0, 0, 4, [[[0, 'n'], 4]], [[1], [2], [3], [4]]]])
  })

  it('a batch larger than the bound is refused whole', async () => {
    const { say } = await raw({ limits: { callsPerTab: 3 } })
    expect(await say('batch', Array(4).fill(['call', 0, 1, 'd', 'add', [1]]))).toEqual(failed('invalid-message'))
  })

  it('more watched states than the bound are refused', async () => {
    const { say } = await raw({ limits: { watchedStates: 1 } })
    expect(await say('watch', 0, 1, 'd')).toEqual(settledWith('invalid-message'))
  })
})

describe('a failure', () => {
  it('carries no stack and no path of the server', async () => {
    const { say } = await raw()
    const text = JSON.stringify([
      ...(await say('call', 0, 1, 'd', 'throwingSchema', ['x'])),
      ...(await say('call', 0, 2, 'd', 'nope')),
      ...(await say('nonsense')),
    ])
    expect(text).not.toMatch(/\bat .*\.ts|node_modules|\/lib\//)
  })
})

describe('private fields', () => {
  it('never reach the wire, and a change of them alone sends nothing but the settlement', async () => {
    const { welcome, say } = await raw()
    expect(JSON.stringify(welcome)).not.toContain('secret')
    expect(JSON.stringify(welcome)).not.toContain('hidden')
    expect(await say('call', 0, 1, 'd', 'secretly')).toEqual([['d', [0, 0, 1, [], [[1]]]]])
    expect(JSON.stringify(await say('resync', 0))).not.toContain('hidden')
  })

  it('changed by nobody that waits send nothing at all', async () => {
    const { hub, open, clock } = testHub([d])
    const tab = await open()
    await tab.watch(d)
    const before = tab.wire.received.length
    await hub.modifyState(tab.token, d, (s) => void (s.secret = 'x'))
    await clock.advance(100)
    expect(tab.wire.received.length).toBe(before)
    expect(await failure(clock, (tab.state(d) as unknown as { zod(x: unknown): Promise<void> }).zod(1))).toMatchObject({
      code: 'invalid-arguments',
    })
  })
})

it('a call whose state could not be loaded has failed for good, though the calls after it are done', async () => {
  const memory = memoryStore()
  let failing = false
  const load = (token: string) => {
    if (failing) throw new Error('the disk is gone')
    return memory.load(token)
  }
  const store = { ...memory, load }
  const { hub, clock, say, hi, closed, log } = await raw({ store })
  const [token = ''] = `${hi?.[1]}`.split('.')
  const instance = hub.instance(token)
  instance.disown() // as after a save whose end is unknown
  failing = true
  expect(await say('call', 0, 1, 'd', 'add', [1])).toEqual(settledWith('load-failed'))
  failing = false
  await say('call', 0, 2, 'd', 'add', [10])
  expect(await say('call', 0, 1, 'd', 'add', [1])).toEqual(settledWith('load-failed'))
  expect((await store.load(instance.token))?.state).toMatchObject({ d: { n: 10 } })
  expect(closed()).toBe(0)
  expect(log.lines).toEqual([expect.stringContaining('the disk is gone')]) // its first answer alone is news
  await hub.close()
  await clock.settle()
})
