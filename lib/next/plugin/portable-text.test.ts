import { expect, it } from 'vitest'
import { portableText } from './portable-text.js'

const limit = 5
const read = (run: (...args: never[]) => unknown) => portableText(run, 'Event "e" of state "d"')
// biome-ignore lint/security/noGlobalEval: what the text means is what is to be shown
const run = (text: string) => (0, eval)(text) as (state: object, ...args: unknown[]) => void

it.each<[string, (s: { n: number; list: number[] }, by: number) => unknown]>([
  ['an arrow', (s, by) => void (s.n += by)],
  [
    'a block',
    (s, by) => {
      const double = (x: number) => x * 2
      for (const each of [by]) s.n += double(each) / 2
    },
  ],
  [
    'a function',
    (s, by) => {
      s.n += by
    },
  ],
  [
    'a named function that calls itself',
    function again(s, by): void {
      if (by <= 0) return
      s.n += 1
      again(s, by - 1)
    },
  ],
  [
    'a method',
    {
      change(s: { n: number }, by: number) {
        s.n += by
      },
    }.change,
  ],
  [
    'what the language has',
    (s, by) => void (s.n += Math.max(by, Number('0'), JSON.stringify(new Map()).length - 10, Number(undefined) || 0)),
  ],
])('%s is carried over', (_, change) => {
  const state = { n: 1, list: [] }
  run(read(change))(state, 2)
  expect(state.n).toBe(3)
})

it.each<[string, (s: { n: number }) => unknown]>([
  ['limit', (s) => void (s.n = limit)],
  ['process', (s) => void (s.n = process.pid)],
  ['window', (s) => void (s.n = window.innerWidth)],
  ['readFile', (s) => void (s.n = (globalThis as never as { x: typeof readFile }).x ? readFile() : 0)],
  ['limit', (s, by = limit) => void (s.n = by)],
])('%s is refused by name', (name, change) => {
  expect(() => read(change)).toThrow(
    `Event "e" of state "d" is optimistic, so it also runs in the browser, where "${name}" does not exist. Use only its arguments`,
  )
})

it('what is no text of a function is refused', () => {
  expect(() => read(Math.max)).toThrow('is optimistic, but its source cannot be read')
})

declare const readFile: () => number
