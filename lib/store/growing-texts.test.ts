/** Texts that grow are saved as what was added to them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processLimits } from '../base/server-limits.js'
import { TokenRecord, type Writes } from './record.js'
import type { Stored } from './store.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const nothing: Stored = { revision: 0, state: {}, calls: [], running: [], ended: [], shapes: {} }

/** One process that saves a field, another that follows each save, and the store that both share. */
class Saves {
  mine = TokenRecord.empty
  theirs = TokenRecord.empty
  readonly texts: Record<string, string> = {}
  revision = 0
  /** Characters that were written. */
  written = 0

  save(field: unknown, options?: { readonly texts: boolean }): Writes {
    this.revision += 1
    const { record, writes } = this.mine.to({ ...nothing, revision: this.revision, state: { s: { field } } }, options)
    this.mine = record
    this.theirs = this.theirs.with(this.revision, writes)
    for (const [key, text] of Object.entries(writes))
      if (text === null) delete this.texts[key]
      else this.texts[key] = text
    for (const [key, text] of Object.entries(writes)) if (key.startsWith('field')) this.written += text?.length ?? 0
    return writes
  }

  /** What each of them has. */
  get read(): readonly unknown[] {
    const stored = TokenRecord.read({ revision: this.revision, texts: this.texts })
    return [this.mine, this.theirs, stored].map((record) => record.stored.state.s?.field)
  }

  /** The process ends, and the next one loads what is saved. */
  restart(): void {
    this.mine = TokenRecord.read({ revision: this.revision, texts: this.texts })
  }
}

const shapes: readonly (readonly [name: string, make: (text: string) => unknown, last: (field: never) => string])[] = [
  ['a field', (text) => text, (field: string) => field],
  [
    'the last message of a list',
    (text) => [
      { role: 'user', text: 'Hello!' },
      { role: 'assistant', text },
    ],
    (field: { text: string }[]) => field.at(-1)?.text ?? '',
  ],
  [
    'a Map',
    (text) => new Map([['answer', { text }]]),
    (field: Map<string, { text: string }>) => field.get('answer')?.text ?? '',
  ],
]

for (const [name, make, last] of shapes)
  for (const [tokens, size] of [
    [2_000, 4],
    [250, 32],
    [10_000, 4],
  ] as const)
    test(`${tokens} tokens of ${size} characters in ${name} are written at most three times`, () => {
      const saves = new Saves()
      let text = ''
      for (let index = 0; index < tokens; index += 1) {
        text += `${index.toString(36).padStart(size - 1, '.')} `
        saves.save(make(text))
        if (index === tokens >> 1) saves.restart()
      }
      expect(saves.read.map((field) => last(field as never))).toEqual([text, text, text])
      expect(saves.written).toBeLessThanOrEqual(3 * text.length)
      expect(Object.keys(saves.texts).length).toBeLessThan(processLimits.patchesOfField + 10)
      expect(JSON.stringify(saves.texts).length).toBeLessThan(8 * text.length)
    })

const long = 'The quick brown fox. '.repeat(10)

/** What an author does to a field with texts. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('append'),
      at: fc.nat(2),
      words: fc.constantFrom('abcd', '😀', '\ud83d', '\ude00', '"\n', 'x'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom('cut', 'insert', 'replace'),
      at: fc.nat(2),
      words: fc.string({ maxLength: 9 }),
    }),
  },
  fc.record({
    does: fc.constantFrom('push', 'drop', 'number', 'other', 'restart', 'same'),
    at: fc.nat(2),
    words: fc.constant(''),
  }),
)

type Field = { text: string; n: number }[]

function after(field: Field, { does, at, words }: { does: string; at: number; words: string }): Field {
  const index = Math.min(at, field.length - 1)
  const item = field[index] ?? { text: '', n: 0 }
  const { text } = item
  const put = (change: Partial<Field[number]>) => field.with(index, { ...item, ...change })
  switch (does) {
    case 'append':
      return put({ text: text + words })
    case 'cut':
      return put({ text: text.slice(0, text.length >> 1) })
    case 'insert':
      return put({ text: text.slice(0, 7) + words + text.slice(7) })
    case 'replace':
      return put({ text: words })
    case 'push':
      return [...field, { text: long, n: 0 }]
    case 'drop':
      return field.length > 1 ? field.toSpliced(index, 1) : field
    case 'number':
      return put({ n: item.n + 1 })
    case 'same':
      return structuredClone(field)
    default:
      return put({ text: `${text}.`, n: item.n + 1 })
  }
}

test('what was saved is read again, whatever was done to the texts, and whichever process held which part', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.boolean(), (steps, restarts) => {
      const saves = new Saves()
      let field: Field = [{ text: long, n: 0 }]
      saves.save(field)
      for (const one of steps) {
        if (one.does === 'restart' && restarts) saves.restart()
        field = after(field, one)
        saves.save(field)
        for (const read of saves.read) expect(read).toEqual(field)
      }
    }),
    { numRuns: 400, ...seeded },
  )
})

test('many pieces become one, also of a text that others have followed or loaded', () => {
  const saves = new Saves()
  let text = long
  const save = () => saves.save({ a: 1, texts: [text] })
  save()
  for (let index = 0; index < 3 * processLimits.patchesOfField; index += 1) {
    text += index % 700 === 0 ? '😀' : 'ab'
    if (index % 900 === 899) text = text.slice(0, 50) + text.slice(60)
    save()
    if (index % 1100 === 0) saves.restart()
    if (index % 1100 === 1) saves.theirs = saves.mine
  }
  for (const read of saves.read) expect(read).toEqual({ a: 1, texts: [text] })
})

test('words that go on where nothing ended are refused by name', () => {
  const saves = new Saves()
  saves.save([long])
  saves.save([`${long}ab`])
  const key = Object.keys(saves.texts).find((name) => name.endsWith('\u00001')) ?? ''
  const texts = { ...saves.texts, [key]: '"ab"' }
  expect(() => TokenRecord.read({ revision: 2, texts })).toThrow(expect.objectContaining({ code: 'invalid-message' }))
})

test('a process that does not know splices of texts can read what is written for it', () => {
  const saves = new Saves()
  let text = long.repeat(5)
  for (let index = 0; index < 50; index += 1) {
    text += 'abcd'
    const writes = saves.save(
      [
        { role: 'user', text: long.repeat(20) },
        { role: 'assistant', text },
      ],
      { texts: false },
    )
    for (const written of Object.values(writes)) {
      const patches = JSON.parse(written ?? '[]') as unknown
      expect(patches).toBeInstanceOf(Object)
      if (Array.isArray(patches))
        for (const patch of patches) if (patch.length === 4) expect(patch[3]).toBeInstanceOf(Array)
    }
  }
  for (const read of saves.read) expect(last(read)).toBe(text)
})

const last = (field: unknown) => (field as Field).at(-1)?.text
