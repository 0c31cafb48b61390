import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from './encode.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const primitive = fc.oneof(
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.bigInt(),
  fc.constantFrom<unknown>(null, undefined, true, -0, Number.NaN, '\ud800', '</script>', '$held'),
)
const key = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$held', 'constructor', 'toJSON'))
  .filter((name) => name !== '__proto__')
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, primitive, tie('object'), tie('array'), tie('map'), tie('set'), tie('date')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  array: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.array(fc.tuple(primitive, tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
  set: fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  date: fc.date({ noInvalidDate: false }),
}))

/** No comparison knows both that two invalid Dates are equal and that a key may be named `constructor`. */
const text = (item: unknown) => inspect(item, { depth: null, maxArrayLength: null, maxStringLength: null })

test('everything that may live in state comes back as it was', () => {
  fc.assert(
    fc.property(value, (item) => {
      const decoded = decode(JSON.parse(JSON.stringify(encode(item))))
      if (!isDeepStrictEqual(decoded, item)) expect(text(decoded)).toBe(text(item))
    }),
    { numRuns: 1000, ...seeded },
  )
})

test('JSON stays as it is', () => {
  fc.assert(
    fc.property(
      fc.jsonValue().filter((json) => !/\$held|__proto__|-0/.test(JSON.stringify(json))),
      (json) => {
        const parsed = JSON.parse(JSON.stringify(json))
        expect(encode(parsed)).toBe(parsed)
        expect(decode(parsed)).toBe(parsed)
      },
    ),
  )
})

const laughs = () => {
  const levels = Array.from({ length: 60 }, (_, level) => (level < 59 ? [level + 1, level + 1] : []))
  return { $held: JSON.stringify(levels) }
}

test('what is malformed or no value is an invalid message', () => {
  const hostile: unknown[] = [
    { $held: '' },
    { $held: 'no json' },
    { $held: '[]' },
    { $held: '[[0]]' },
    { $held: '[["RegExp","a"]]' },
    { $held: '[["URL","http://a"]]' },
    { $held: '[["Object",1]]' },
    { $held: '[["Uint8Array","AA=="]]' },
    { $held: '[{"__proto__":1},1]' },
    { $held: '[["null","__proto__",1],1]' },
    { $held: '[["Map",1,2],{},2]' },
    { $held: '[[-2]]' },
    { $held: '[["Custom",0]]' },
    { $held: '[1]', and: 1 },
    { $held: 5 },
    laughs(),
    JSON.parse('{"a": {"__proto__": {"admin": true}}}'),
    JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    () => 1,
    Symbol('s'),
    new Date(0),
  ]
  for (const [index, json] of hostile.entries())
    expect(() => decode(json), `case ${index}`).toThrow(expect.objectContaining({ code: 'invalid-message' }))
})

test('a bigint of too many digits is refused, however its text is written', () => {
  const digits = '9'.repeat(10_001)
  for (const [type, written] of [
    ['"BigInt",', `"${digits}"`],
    ['"BigInt" ,', `"${digits}"`],
    ['"BigInt",', `" ${digits}"`],
    ['"BigInt",', `"\\t-${digits}"`],
    ['"BigInt",', `"\\u0039${digits}"`],
    ['"\\u0042igInt",', `"${digits}"`],
    ['"BigInt",', `"0x${digits}"`],
    ['"BigInt",', `"0b${'1'.repeat(10_001)}"`],
    ['"BigInt",', `["${digits}"]`],
  ])
    expect(() => decode({ $held: `[[${type}${written}]]` }), `${type}${written?.slice(0, 9)}`).toThrow(
      'could not be decoded',
    )
  for (const longest of [10n ** 9_999n, 1n - 10n ** 9_997n]) expect(decode(encode(longest))).toBe(longest)
})

test('arbitrary text of devalue never throws anything unnamed', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(
        fc.array(
          fc.oneof(
            fc.integer({ min: -8, max: 6 }),
            fc.constantFrom('Map', 'Set', 'Date', 'null', 'BigInt', '__proto__'),
          ),
          { maxLength: 4 },
        ),
        { maxLength: 6 },
      )
      .map((list) => JSON.stringify(list)),
  )
  fc.assert(
    fc.property(text, ($held) => {
      try {
        decode({ $held })
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-message' })
      }
    }),
    { numRuns: 1000, ...seeded },
  )
})
