/** Splices of texts: found by what both ends have in common, and refused where they do not fit. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPatch, writePatch } from '../protocol/patches.js'
import { apply } from './apply.js'
import { diff } from './diff.js'
import type { Patch } from './patch.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const long = 'The quick brown fox jumps over the lazy dog. '.repeat(20)

/** Through JSON, as on the wire and in a store. */
const sent = (patches: readonly Patch[]) =>
  (JSON.parse(JSON.stringify(patches.map(writePatch))) as unknown[]).map(readPatch)

function round(before: unknown, after: unknown): Patch[] {
  const patches = diff(before, after)
  expect(apply(before, sent(patches))).toEqual(after)
  return patches
}

const units = fc.constantFrom(
  'a',
  'b',
  '\n',
  '"',
  'é',
  '中',
  '😀',
  '😁',
  '👩‍👩‍👧',
  '\ud83d',
  '\ude00',
  '\ude01',
  '\ud83c',
  '\u0000',
)
const text = fc.array(units, { maxLength: 40 }).map((parts) => parts.join(''))

const isHigh = (text: string, at: number) => at >= 0 && text.charCodeAt(at) >> 10 === 0x36
const isLow = (text: string, at: number) => at < text.length && text.charCodeAt(at) >> 10 === 0x37
const isCut = (text: string, at: number) => isHigh(text, at - 1) && isLow(text, at)

/** A text and what an edit makes of it; both ends stay. */
const edits = fc
  .tuple(text, text, text, text, text)
  .map(
    ([head, gone, come, tail, more]) =>
      [`${long}${head}${gone}${tail}`, `${long}${head}${come}${tail}${more}`] as const,
  )

test('make any text of any other, and never cut a pair of surrogates', () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(text, text), edits), ([before, after]) => {
      for (const patch of round(before, after)) {
        if (patch.length !== 4) continue
        const [, start, deleteCount, words] = patch as readonly [unknown, number, number, string]
        for (const at of [start, start + deleteCount]) expect(isCut(before, at)).toBe(false)
        for (const at of [start, start + words.length]) expect(isCut(after, at)).toBe(false)
        expect(JSON.stringify(patch).length).toBeLessThanOrEqual(JSON.stringify([[], after]).length)
      }
    }),
    { numRuns: 3000, ...seeded },
  )
})

test('make any text of any other inside lists, objects and Maps', () => {
  const box = fc.array(text, { minLength: 1, maxLength: 4 }).map((texts) => ({
    messages: texts.map((text, id) => ({ id, text: `${long}${text}` })),
    lines: texts.map((text) => long + text),
    byId: new Map<unknown, unknown>(texts.map((text, id) => [id, { text: `${text}${long}` }])),
    texts: new Map(texts.map((text, id) => [`${id}`, text])),
  }))
  fc.assert(
    fc.property(box, box, (before, after) => void round(before, after)),
    { numRuns: 500, ...seeded },
  )
})

test('say what was appended, put in, taken out or replaced', () => {
  expect(round(long, `${long}more`)).toEqual([[[], long.length, 0, 'more']])
  expect(round(long, `so: ${long}`)).toEqual([[[], 0, 0, 'so: ']])
  expect(round(long, long.slice(0, 10) + long.slice(20))).toEqual([[[], 10, 10, '']])
  expect(round(long, `${long.slice(0, 10)}#${long.slice(11)}`)).toEqual([[[], 10, 1, '#']])
  expect(round('', 'abc')).toEqual([[[], 'abc']])
  expect(round(long, '')).toEqual([[[], '']])
  expect(round('yes', 'no')).toEqual([[[], 'no']])
})

test('say the whole text where that is shorter', () => {
  expect(round('0123456789 abcdefghij', 'x123456789 abcdefghix')).toEqual([[[], 'x123456789 abcdefghix']])
  expect(round('abc', 'abcd')).toEqual([[[], 'abcd']])
})

test('keep whole what looks like a pair', () => {
  expect(round(`${long}\ud83d`, `${long}😀`)).toEqual([[[], long.length, 1, '😀']])
  expect(round(`${long}😀`, `${long}😁`)).toEqual([[[], long.length, 2, '😁']])
  expect(round(`😀${long}`, `\ude00${long}`)).toEqual([[[], 0, 2, '\ude00']])
  expect(round(`😀${long}`, `🨀${long}`)).toEqual([[[], 0, 2, '🨀']])
  expect(round(`${long}😀`, `${long}😀\ude00`)).toEqual([[[], long.length + 2, 0, '\ude00']])
})

test('reach a text in the last message of a list, whatever else of it changed', () => {
  const messages = [
    { id: 1, text: 'hello' },
    { id: 2, text: long, tokens: 4 },
  ]
  const grown = { id: 2, text: `${long}more`, tokens: 5 }
  expect(round({ messages }, { messages: [messages[0], grown] })).toEqual([
    [['messages', 1, 'text'], long.length, 0, 'more'],
    [['messages', 1, 'tokens'], 5],
  ])
  expect(round([{ text: long }], [{ text: `${long}more` }])).toEqual([[[0, 'text'], long.length, 0, 'more']])
  const question = { id: 3, text: 'and?' }
  expect(round([{ id: 2, text: long }], [{ id: 2, text: `${long}more` }, question])).toEqual([
    [[0, 'text'], long.length, 0, 'more'],
    [[], 1, 0, [question]],
  ])
  expect(round([long], [`${long}more`])).toEqual([[[0], long.length, 0, 'more']])
  expect(round(new Map([['a', long]]), new Map([['a', `${long}more`]]))).toEqual([[['a'], long.length, 0, 'more']])
})

test('leave out of a diff for readers that do not know them', () => {
  const before = { text: long, list: [{ id: 1, text: long }] }
  const after = { text: `${long}x`, list: [{ id: 1, text: `${long}y` }] }
  expect(diff(before, after, [], { texts: false })).toEqual([
    [['text'], `${long}x`],
    [['list', 0, 'text'], `${long}y`],
  ])
})

test('are refused where they do not fit, and nothing of the value changes', () => {
  const value = { text: 'a😀b', list: ['a'], n: 1, nothing: null, map: new Map([['t', 'ab']]) }
  const misfits: unknown[] = [
    [['text'], 5, 0, 'x'],
    [['text'], 3, 2, 'x'],
    [['text'], -1, 0, 'x'],
    [['text'], 0, -1, 'x'],
    [['text'], 0.5, 0, 'x'],
    [['text'], 0, Number.NaN, 'x'],
    [['text'], '0', 0, 'x'],
    [['text'], 2, 0, 'x'],
    [['text'], 0, 2, 'x'],
    [['text'], 2, 1, 'x'],
    [['text'], 0, 0, ['x']],
    [['text'], 0, 0, 1],
    [['text', 0], 0, 0, 'x'],
    [['text', 'length'], 0, 0, 'x'],
    [['list'], 0, 0, 'x'],
    [['list', 1], 0, 0, 'x'],
    [['n'], 0, 0, 'x'],
    [['nothing'], 0, 0, 'x'],
    [['missing'], 0, 0, 'x'],
    [['map'], 0, 0, 'x'],
    [['map', 'other'], 0, 0, 'x'],
    [['toString'], 0, 0, 'x'],
    [[], 0, 0, 'x'],
  ]
  for (const misfit of misfits) {
    const was = structuredClone(value)
    expect(() => apply(value, [[['n'], 2], misfit as Patch]), JSON.stringify(misfit)).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    )
    expect(value).toEqual(was)
  }
})

test('several in one value fit one after the other', () => {
  const patches: Patch[] = [
    [['text'], 3, 0, 'def'],
    [['text'], 0, 1, 'A'],
    [['map', 'a'], 1, 0, '!'],
  ]
  expect(apply({ text: 'abc', map: new Map([['a', 'x']]) }, patches)).toEqual({
    text: 'Abcdef',
    map: new Map([['a', 'x!']]),
  })
  expect(apply('abc', [[[], 1, 1, 'B']])).toBe('aBc')
})
