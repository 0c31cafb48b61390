/** `append` adds words to a text, and what follows costs as much as the words. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { append } from './append.js'
import { apply } from './apply.js'
import { diff, diffEntry } from './diff.js'
import { openDraft as draftOf } from './draft.js'
import { noteGrowth } from './growth.js'
import { readonlyView } from './view.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

const openDraft = <S extends object>(base: S, path: string[] = []) =>
  draftOf(base, path, undefined, undefined, noteGrowth)

const long = 'The quick brown fox jumps over the lazy dog. '.repeat(12)

interface Chat {
  text: string
  n: number
  other: string
  messages: { text: string; n: number }[]
  byId: Map<string, string>
}

const chat = (): Chat => ({
  text: long,
  n: 0,
  other: long,
  messages: [
    { text: '', n: 0 },
    { text: long, n: 0 },
  ],
  byId: new Map([
    ['a', long],
    ['b', ''],
  ]),
})

test('half a pair that is completed later is sent whole', () => {
  const draft = openDraft({ text: long })
  append(draft.state, 'text', '\ud83d')
  const half = draft.commit()
  append(draft.state, 'text', '\ude00')
  expect(diff(half, draft.commit())).toEqual([[['text'], long.length, 1, '😀']])
})

describe('append', () => {
  test('does the same as +=, in a draft and in plain data', () => {
    const draft = openDraft(chat())
    for (const state of [draft.state, chat()]) {
      append(state, 'text', 'abc')
      append(state, 'text', 'def')
      append(state.messages[1] as Chat['messages'][number], 'text', '!')
      append(state.byId, 'b', 'more')
      expect(state.text).toBe(`${long}abcdef`)
      expect(state.messages[1]?.text).toBe(`${long}!`)
      expect(state.byId.get('b')).toBe('more')
    }
    expect(draft.commit().text).toBe(`${long}abcdef`)
  })

  test('says what a text is that is none, where it is, and what to write instead', () => {
    const { state } = openDraft(chat(), ['chat'])
    const refusal = (box: object, key: unknown, words: unknown) => () =>
      append(box as never, key as never, words as never)
    expect(refusal(state, 'n', 'x')).toThrow(
      expect.objectContaining({
        code: 'invalid-value',
        message: expect.stringContaining('chat.n holds a number, but append()'),
      }),
    )
    expect(refusal(state, 'nothing', 'x')).toThrow('chat.nothing holds undefined')
    expect(refusal(state.messages, 5, 'x')).toThrow('chat.messages[5] holds undefined')
    expect(refusal(state.byId, 'c', 'x')).toThrow('chat.byId.get("c") holds undefined')
    expect(refusal(state, 'messages', 'x')).toThrow('chat.messages holds a list')
    expect(refusal(state, 'text', 5)).toThrow('append() got a number for chat.text')
    expect(refusal(state, '__proto__', 'x')).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    expect(refusal({ text: 1 }, 'text', 'x')).toThrow('holds a number')
  })

  test('is refused once the lock is released, and in a view', () => {
    const draft = openDraft(chat())
    draft.close()
    expect(() => append(draft.state, 'text', 'x')).toThrow(expect.objectContaining({ code: 'immutable-state' }))
    expect(() => append(readonlyView(chat()) as Chat, 'text', 'x')).toThrow(
      expect.objectContaining({ code: 'immutable-state' }),
    )
    expect(() => append(readonlyView(chat()).byId as Chat['byId'], 'a', 'x')).toThrow(
      expect.objectContaining({ code: 'immutable-state' }),
    )
  })
})

const words = fc.constantFrom('', 'a', 'bcd', '😀', '\ud83d', '\ude00', '"\n')
const step = fc.record({
  does: fc.constantFrom(
    'append',
    'append',
    'append',
    'append',
    '+=',
    'replace',
    'number',
    'delete',
    'swap',
    'move',
    'own',
    'drop',
    'branch',
  ),
  on: fc.nat(3),
  words,
  commits: fc.boolean(),
})

function perform(state: Chat, { does, on, words }: { does: string; on: number; words: string }): void {
  const message = state.messages[on % state.messages.length]
  const boxes = [state, state, message, message]
  const box = boxes[on] as { text: string; n: number }
  if (does === 'append') {
    append(box, 'text', words)
    append(state.byId, on > 1 ? 'a' : 'b', words)
  } else if (does === '+=') box.text += words
  else if (does === 'replace') box.text = long + words
  else if (does === 'number') box.n += 1
  else if (does === 'delete') {
    state.byId.delete('a')
    state.byId.set('a', long + words)
  } else if (does === 'swap') [state.text, state.other] = [state.other, state.text]
  else if (does === 'move') state.messages.push(state.messages.shift() as Chat['messages'][number])
  else if (does === 'own') {
    const own = { text: long, n: 1 }
    state.messages[0] = own
    append(own, 'text', words)
    append(state.messages[0] as Chat['messages'][number], 'text', words)
  } else if (does === 'drop' && state.messages.length > 1) state.messages.pop()
}

/** Any two snapshots differ by what the patches say, whether they follow each other or stand on two branches. */
test('is what patches say between any two snapshots, in whatever order, also of changes that were not kept', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(1000), (steps, pick) => {
      let draft = openDraft(chat())
      let plain = chat()
      const seen: [Chat, Chat][] = [[draft.commit(), structuredClone(plain)]]
      for (const one of steps) {
        if (one.does === 'branch') {
          const [snapshot, copy] = seen[pick % seen.length] as [Chat, Chat]
          draft = openDraft(snapshot)
          plain = structuredClone(copy)
        }
        perform(draft.state, one)
        perform(plain, one)
        if (one.commits) seen.push([draft.commit(), structuredClone(plain)])
      }
      for (const [snapshot, copy] of seen) expect(snapshot).toEqual(copy)
      for (const [from] of seen)
        for (const [to, copy] of seen) {
          expect(apply(from, diff(from, to))).toEqual(copy)
          expect(apply(from.text, diffEntry({ ...from }, { ...to }, 'text'))).toEqual(copy.text)
        }
    }),
    { numRuns: 300, ...seeded },
  )
})

/** Microseconds an append takes, with the difference that is saved and the one that a page is sent. */
function microseconds(length: number, box: (state: Chat) => object): number {
  const draft = openDraft({ ...chat(), text: 'x'.repeat(length), messages: [{ text: '中'.repeat(length), n: 0 }] })
  let snapshot = draft.commit()
  const once = () => {
    append(box(draft.state) as { text: string }, 'text', 'abcd')
    const next = draft.commit()
    expect(diff(snapshot, next)).toHaveLength(1)
    expect(diffEntry({ ...snapshot }, { ...next }, 'messages').length + diffEntry(snapshot, next, 'text').length).toBe(
      1,
    )
    snapshot = next
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 7; round += 1) {
    const began = performance.now()
    for (let index = 0; index < 60; index += 1) once()
    best = Math.min(best, performance.now() - began)
  }
  return (best / 60) * 1_000
}

test.each([
  ['a field', (state: Chat) => state],
  ['the last message', (state: Chat) => state.messages.at(-1) as object],
])('to a text of a megabyte in %s costs what it costs to a text of a kilobyte', (_, box) => {
  microseconds(1_000, box)
  const [short, large] = [microseconds(1_000, box), microseconds(1_000_000, box)]
  expect(large).toBeLessThan(3 * short + 20) // a look at the text takes over 500
})
