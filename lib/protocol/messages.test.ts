import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodes, HeldStateError, isErrorCode } from '../base/errors.js'
import { defaultLimits } from '../base/limits.js'
import { type Change, type Down, parseDown, writeDown } from './down.js'
import { parseHello } from './hello.js'
import { parseUp, unpack } from './up.js'
import { protocolVersion } from './version.js'
import { type WrittenUp, writeCall } from './written-up.js'

const overTheWire = (message: unknown) => JSON.parse(JSON.stringify(message)) as [string, ...unknown[]]
/** Runs, or fails with an error of ours and nothing else. */
const typed = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(HeldStateError)
  }
}

const failure = { code: 'handler-failed', message: 'no' } as const
const issues = [
  { message: 'too long', path: ['rows', 3, 'name'] },
  { message: 'no', path: [] },
]
const odd = { at: new Date(5), map: new Map([['a', new Set([1n])]]), nothing: undefined, numbers: [Number.NaN, -0] }
const still = { subscription: 0, from: 3, to: 3, patches: [], settled: [] }
const delta = (...changes: Change[]): Down => ({ type: 'delta', changes })
const downs: [string, Down][] = [
  ['a hi', { type: 'hi', token: 'a.b', seq: 7 }],
  ['a hi with bounds', { type: 'hi', token: 'a.b', seq: 7, bounds: { callsPerTab: 5 } }],
  [
    'a welcome',
    { type: 'welcome', subscription: 0, birth: 'b', revision: 3, views: [{ n: 1 }, odd, undefined], lastCallId: 4 },
  ],
  [
    'a welcome of what was never kept',
    { type: 'welcome', subscription: 2, birth: undefined, revision: 0, views: [], lastCallId: 0 },
  ],
  ['what a page missed', { type: 'resumed', subscription: 1, from: 3, to: 4, patches: [[[0, 'n'], 1]], lastCallId: 0 }],
  ['a delta without anything', delta(still)],
  [
    'a delta with every kind of patch',
    delta({
      ...still,
      to: 4,
      patches: [[[0, 'n']], [[0, 'at'], odd], [[1, 'rows'], 5, 2, [odd, null]], [[0, 'map', 1n], undefined]],
    }),
  ],
  ['a delta of two subscriptions', delta({ ...still, to: 4 }, { ...still, subscription: 1, settled: [{ id: 9 }] })],
  ['a delta that settles', delta({ ...still, settled: [{ id: 1 }, { id: 2, failure }] })],
  [
    'a delta that replies',
    delta({
      ...still,
      settled: [
        { id: 1, reply: { id: 7 } },
        { id: 2, reply: { $held: '[["Date","1970-01-01T00:00:00.000Z"]]' } },
      ],
    }),
  ],
  ['a delta that settles with issues', delta({ ...still, settled: [{ id: 1, failure: { ...failure, issues } }] })],
  ['a delta that shows what settles later', delta({ ...still, to: 4, lastCallId: 9 })],
  ['a failure', { type: 'failure', subscription: 0, failure }],
  ['a failure of development', { type: 'failure', subscription: 1, failure: { ...failure, stack: '    at x' } }],
  [
    'a delta that settles in development',
    delta({ ...still, settled: [{ id: 2, failure: { ...failure, stack: '    at x' } }] }),
  ],
  ['a subscription that is closed', { type: 'closed', subscription: 3, failure }],
  ['a store out of reach', { type: 'stalled', stalled: true }],
  ['a farewell', { type: 'farewell', failure }],
  ['a farewell of many', { type: 'farewell', failure, spreadMs: 500 }],
]

const add = { type: 'call', subscription: 0, id: 1, definition: 'd', member: 'add' } as const
const cancel = { type: 'cancel', subscription: 0, id: 3, definition: 'd', task: 'work' } as const
/** As pages write them, and what the hub reads. */
const ups: [WrittenUp, Record<string, unknown>][] = [
  [writeCall(['call', 'd', 'add'], 0, 1), { ...add, args: [] }],
  [writeCall(['call', 'd', 'add', [1, { a: [] }]], 1, 2), { ...add, subscription: 1, id: 2, args: [1, { a: [] }] }],
  [writeCall(['call', 'd', 'add'], 0, 2, 1), { ...add, id: 2, former: 1, args: [] }],
  [writeCall(['call', 'd', 'add', [1]], 0, 2, 0), { ...add, id: 2, former: 0, args: [1] }],
  [writeCall(['cancel', 'd', 'work'], 0, 3), cancel],
  [writeCall(['cancel', 'd', 'work'], 0, 3, 0), { ...cancel, former: 0 }],
  [writeCall(['cancel', 'd', 'work', 'a run'], 0, 3), { ...cancel, run: 'a run' }],
  [writeCall(['cancel', 'd', 'work', 'a run'], 0, 3, 2), { ...cancel, former: 2, run: 'a run' }],
  [
    writeCall(['wait', 'd', 'work', 'a run'], 1, 4),
    { type: 'wait', subscription: 1, id: 4, definition: 'd', task: 'work', run: 'a run' },
  ],
  [
    writeCall(['wait', 'd', 'work', 3], 1, 4),
    { type: 'wait', subscription: 1, id: 4, definition: 'd', task: 'work', run: 3 },
  ],
  [writeCall(['watch', 'd', 2], 2, 4), { type: 'watch', subscription: 2, id: 4, definition: 'd', position: 2 }],
  [['resync', 1], { type: 'resync', subscription: 1 }],
  [
    ['open', 1, 'board', ['d']],
    { type: 'open', number: 1, address: 'board', watch: ['d'], leavesOut: false, began: 0 },
  ],
  [
    ['open', 1, 'board', ['d'], 7],
    { type: 'open', number: 1, address: 'board', watch: ['d'], leavesOut: false, began: 7 },
  ],
  [['close', 1], { type: 'close', subscription: 1 }],
  [['heard', 12], { type: 'heard', seq: 12 }],
]

describe('the golden file', () => {
  it('has a line for each message as it is on the wire: a change of it needs another version, unless both sides bear it', async () => {
    const down = downs.map(([what, message]) => `${what}: ${JSON.stringify(writeDown(message))}`)
    const up = ups.map(([message]) => `up: ${JSON.stringify(message)}`)
    const lines = [...down, ...up]
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`wire-${protocolVersion}.txt`)
  })
})

describe('down', () => {
  it.each(downs)('%s is read as it was written', (_, message) => {
    const [name, ...args] = overTheWire(writeDown(message))
    expect(parseDown(name, args)).toEqual(message)
  })

  it('a failure whose code only a newer server knows is one all the same', () => {
    expect(parseDown('d', [[0, 0, 0, [], [[1, 'of-tomorrow', 'x']]]])).toMatchObject({
      changes: [{ settled: [{ id: 1, failure: { code: 'handler-failed', message: 'x' } }] }],
    })
  })

  it('anything else fails typed', () => {
    const name = fc.oneof(fc.constantFrom('d', 'w', 'r', 'f', 'hi', 'closed', 's', 'bye'), fc.anything())
    fc.assert(fc.property(name, fc.array(fc.anything()), (name, args) => typed(() => parseDown(name, args))))
  })

  it.each([
    ['d', [[0, 0, 1]]],
    ['d', [0, 0, 1, []]],
    ['d', [[0, 0, -1, []]]],
    ['d', [['0', 0, 1, []]]],
    ['d', [[0, 0, 1, [[]]]]],
    ['d', [[0, 0, 1, [[['n'], 1, 2]]]]],
    ['d', [[0, 0, 1, [], [['x']]]]],
    ['d', [[0, 0, 1, [], [[1, 5, 'x']]]]],
    ['d', [[0, 0, 1, [], [[1, 'handler-failed', 'x', 5]]]]],
    ['d', [[0, 0, 1, [], [[1, 'handler-failed', 'x', [['y', [null]]]]]]]],
    ['hi', ['a']],
    ['hi', [5, 0]],
    ['w', [0, 5, 0, [], 1]],
    ['w', [0, 'a', 0, []]],
    ['r', [0, 0, 1, []]],
    ['w', [0, 'a', 0, {}, 1]],
    ['f', [0, null, 'x']],
    ['f', ['handler-failed', 'x']],
    ['closed', [1]],
    ['bye', ['handler-failed', 5]],
    ['__proto__', []],
  ])('%s %j is malformed', (name, args) => {
    expect(() => parseDown(name, args)).toThrow(expect.objectContaining({ code: 'invalid-message' }))
  })
})

describe('up', () => {
  it.each(ups)('%j is read', (message, read) => {
    const [name, ...args] = overTheWire(message)
    expect(parseUp(name, args, defaultLimits)).toEqual(read)
  })

  it('anything else fails typed, a hello and a batch as well', () => {
    const name = fc.oneof(
      fc.constantFrom('call', 'cancel', 'wait', 'watch', 'resync', 'open', 'close', 'heard', 'batch'),
      fc.anything(),
    )
    fc.assert(
      fc.property(name, fc.array(fc.anything()), fc.anything(), (name, args, hello) => {
        typed(() => parseUp(name, args, defaultLimits))
        typed(() => unpack(name, args, defaultLimits))
        typed(() => parseHello(hello, defaultLimits))
      }),
    )
  })

  it('a hello of this version is read, and of no other', () => {
    const kept = { version: protocolVersion, page: 'a'.repeat(32), lastSeq: 3, token: 'x', copyOf: 'y' }
    const former = 'b'.repeat(32)
    const subscriptions = [
      [0, 'tab', ['d'], 5],
      [4, 'board', []],
    ]
    const hello = {
      ...kept,
      subscriptions,
      sent: 7,
      formers: [
        [former, 1, { tab: 3, board: 9 }],
        ['c'.repeat(32), 0],
      ],
      more: 1,
    }
    expect(parseHello(hello, defaultLimits)).toEqual({
      ...kept,
      sent: 7,
      formers: [
        {
          page: former,
          hasSent: true,
          began: new Map([
            ['tab', 3],
            ['board', 9],
          ]),
        },
        { page: 'c'.repeat(32), hasSent: false, began: new Map() },
      ],
      subscriptions: [
        { number: 0, address: 'tab', watch: ['d'], leavesOut: false, began: 5 },
        { number: 4, address: 'board', watch: [], leavesOut: false, began: 0 },
      ],
    })
    for (const version of [protocolVersion - 1, protocolVersion + 1, String(protocolVersion), undefined])
      expect(() => parseHello({ ...hello, version }, defaultLimits)).toThrow(
        expect.objectContaining({ code: 'protocol-version', message: expect.stringContaining('Reload the page') }),
      )
  })

  it.each([
    ['none', []],
    [
      'that of the tab not first',
      [
        [1, 'board', []],
        [0, 'tab', []],
      ],
    ],
    ['that of the tab at another address', [[0, 'board', []]]],
    [
      'a number twice',
      [
        [0, 'tab', []],
        [1, 'a', []],
        [1, 'b', []],
      ],
    ],
    [
      'numbers that fall',
      [
        [0, 'tab', []],
        [2, 'a', []],
        [1, 'b', []],
      ],
    ],
    ['too many', Array.from({ length: 17 }, (_, number) => [number, number === 0 ? 'tab' : `a${number}`, []])],
    ['one without its states', [[0, 'tab']]],
    ['no list', { 0: 'tab' }],
  ])('a hello with subscriptions that cannot be is refused: %s', (_, subscriptions) => {
    const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions }
    expect(() => parseHello(hello, defaultLimits)).toThrow(expect.objectContaining({ code: 'invalid-message' }))
  })

  it.each([
    ['itself', [['a'.repeat(32), 1]]],
    ['one that began at no revision', [['b'.repeat(32), 1, -1]]],
    [
      'one twice',
      [
        ['b'.repeat(32), 1],
        ['b'.repeat(32), 0],
      ],
    ],
    ['too many', ['b', 'c', 'd', 'e'].map((page) => [page.repeat(32), 1])],
    ['no id', [['b', 1]]],
    ['no list', 'b'],
  ])('a hello with former pages that cannot be is refused: %s', (_, formers) => {
    const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', []]], formers }
    expect(() => parseHello(hello, defaultLimits)).toThrow(expect.objectContaining({ code: 'invalid-message' }))
  })

  it('an object with more keys than a state has any use for is refused by name, at any depth', () => {
    const wide = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, at) => [`k${at}`, at]))
    const call = (value: unknown) => () => parseUp('call', [0, 1, 'd', 'e', [value]], defaultLimits)
    for (const value of [wide(10_001), [{ a: wide(10_001) }]])
      expect(call(value)).toThrow(expect.objectContaining({ code: 'invalid-arguments' }))
    expect(call([wide(10_000), Array.from({ length: 50_000 }, () => ({ a: 1 }))])).not.toThrow()
  })

  it('what is wrong is told in a short line, however long it was', () => {
    for (const [name, args] of [
      ['x'.repeat(10_000), []],
      ['call', ['x'.repeat(10_000)]],
      ['call', [0, 1, { deep: 'x'.repeat(10_000) }]],
    ] as const)
      expect(() => parseUp(name, args, defaultLimits)).toThrow(/^.{1,200}$/)
  })
})

it('a code of a failure is one of the catalogue, and no name of Object.prototype', () => {
  for (const code of errorCodes) expect(isErrorCode(code)).toBe(true)
  for (const code of ['constructor', '__proto__', 'toString', '', 5, null]) expect(isErrorCode(code)).toBe(false)
})

it('the page of the docs is of this version', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
  expect(/This is version (\d+);/.exec(page)?.[1]).toBe(String(protocolVersion))
  expect(page).toContain(`| \`version\` | \`${protocolVersion}\` |`)
})
