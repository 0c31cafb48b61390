import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodes, HeldStateError, isErrorCode } from '../base/errors.js'
import { defaultLimits } from '../base/limits.js'
import { type Down, parseDown, writeDown } from './down.js'
import { parseHello, parseUp, unpack } from './up.js'
import { protocolVersion } from './version.js'

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
const downs: [string, Down][] = [
  ['a welcome', { type: 'welcome', token: 'a.b', revision: 3, views: [{ n: 1 }, odd, undefined], done: 4, number: 7 }],
  [
    'what a page missed',
    { type: 'resumed', token: 'a.b', from: 3, to: 4, patches: [[[0, 'n'], 1]], done: 0, number: 8 },
  ],
  ['a delta without anything', { type: 'delta', from: 3, to: 3, patches: [], settled: [] }],
  [
    'a delta with every kind of patch',
    {
      type: 'delta',
      from: 3,
      to: 4,
      patches: [[[0, 'n']], [[0, 'at'], odd], [[1, 'rows'], 5, 2, [odd, null]], [[0, 'map', 1n], undefined]],
      settled: [],
    },
  ],
  ['a delta that settles', { type: 'delta', from: 3, to: 3, patches: [], settled: [{ id: 1 }, { id: 2, failure }] }],
  [
    'a delta that settles with issues',
    { type: 'delta', from: 3, to: 3, patches: [], settled: [{ id: 1, failure: { ...failure, issues } }] },
  ],
  ['a delta that shows what settles later', { type: 'delta', from: 3, to: 4, patches: [], settled: [], done: 9 }],
  ['a failure', { type: 'failure', failure }],
  ['a failure of development', { type: 'failure', failure: { ...failure, stack: '    at x' } }],
  [
    'a delta that settles in development',
    { type: 'delta', from: 3, to: 3, patches: [], settled: [{ id: 2, failure: { ...failure, stack: '    at x' } }] },
  ],
  ['a farewell', { type: 'farewell', failure }],
  ['a farewell of many', { type: 'farewell', failure, spreadMs: 500 }],
]

describe('down', () => {
  it.each(downs)('%s is read as it was written', (_, message) => {
    const [name, ...args] = overTheWire(writeDown(message))
    expect(parseDown(name, args)).toEqual(message)
  })

  it('anything else fails typed', () => {
    const name = fc.oneof(fc.constantFrom('d', 'w', 'r', 'f', 'bye'), fc.anything())
    fc.assert(fc.property(name, fc.array(fc.anything()), (name, args) => typed(() => parseDown(name, args))))
  })

  it.each([
    ['d', [0, 1]],
    ['d', [0, -1, []]],
    ['d', [0, 1, [[]]]],
    ['d', [0, 1, [[['n'], 1, 2]]]],
    ['d', [0, 1, [], [['x']]]],
    ['d', [0, 1, [], [[1, 'no-such-code', 'x']]]],
    ['d', [0, 1, [], [[1, 'handler-failed', 'x', 5]]]],
    ['d', [0, 1, [], [[1, 'handler-failed', 'x', [['y', [null]]]]]]],
    ['w', [5, 0, [], 1]],
    ['w', ['a', 0, []]],
    ['r', ['a', 0, 1, []]],
    ['w', ['a', 0, {}]],
    ['f', ['no-such-code', 'x']],
    ['bye', ['handler-failed', 5]],
    ['__proto__', []],
  ])('%s %j is malformed', (name, args) => {
    expect(() => parseDown(name, args)).toThrow(expect.objectContaining({ code: 'invalid-message' }))
  })
})

describe('up', () => {
  it.each([
    [['call', 1, 'd', 'add'], { type: 'call', id: 1, definition: 'd', member: 'add', args: [] }],
    [
      ['call', 2, 'd', 'add', [1, { a: [] }]],
      { type: 'call', id: 2, definition: 'd', member: 'add', args: [1, { a: [] }] },
    ],
    [['cancel', 3, 'd', 'work'], { type: 'cancel', id: 3, definition: 'd', task: 'work' }],
    [['watch', 4, 'd'], { type: 'watch', id: 4, definition: 'd' }],
    [['resync'], { type: 'resync' }],
  ])('%j is read', ([name, ...args], read) => {
    expect(parseUp(name, args, defaultLimits)).toEqual(read)
  })

  it('anything else fails typed, a hello and a batch as well', () => {
    const name = fc.oneof(fc.constantFrom('call', 'cancel', 'watch', 'resync', 'batch'), fc.anything())
    fc.assert(
      fc.property(name, fc.array(fc.anything()), fc.anything(), (name, args, hello) => {
        typed(() => parseUp(name, args, defaultLimits))
        typed(() => unpack(name, args, defaultLimits))
        typed(() => parseHello(hello, defaultLimits))
      }),
    )
  })

  it('a hello of this version is read, and of no other', () => {
    const kept = { version: protocolVersion, page: 'a'.repeat(32), heard: 3, watch: ['d'], token: 'x', copyOf: 'y' }
    const hello = { ...kept, more: 1 }
    expect(parseHello(hello, defaultLimits)).toEqual({ ...kept, leavesOut: false })
    for (const version of [protocolVersion - 1, protocolVersion + 1, String(protocolVersion), undefined])
      expect(() => parseHello({ ...hello, version }, defaultLimits)).toThrow(
        expect.objectContaining({ code: 'protocol-version', message: expect.stringContaining('Reload the page') }),
      )
  })

  it('an object with more keys than a state has any use for is refused by name, at any depth', () => {
    const wide = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, at) => [`k${at}`, at]))
    const call = (value: unknown) => () => parseUp('call', [1, 'd', 'e', [value]], defaultLimits)
    for (const value of [wide(10_001), [{ a: wide(10_001) }]])
      expect(call(value)).toThrow(expect.objectContaining({ code: 'invalid-arguments' }))
    expect(call([wide(10_000), Array.from({ length: 50_000 }, () => ({ a: 1 }))])).not.toThrow()
  })

  it('what is wrong is told in a short line, however long it was', () => {
    for (const [name, args] of [
      ['x'.repeat(10_000), []],
      ['call', ['x'.repeat(10_000)]],
      ['call', [1, { deep: 'x'.repeat(10_000) }]],
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
