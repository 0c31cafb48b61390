import { expect, test } from 'vitest'
import { openDraft } from './draft.js'

const none = (): never => undefined as never
const base = () => ({ one: null as unknown, list: [] as unknown[], map: new Map<string, unknown>(), set: new Set() })

test.each<[way: string, put: (s: ReturnType<typeof base>) => void]>([
  [
    'a field',
    function author(s) {
      s.one = none
    },
  ],
  [
    'deep in what is put in',
    function author(s) {
      s.one = { in: [new URL('https://example.org')] }
    },
  ],
  [
    'a list',
    function author(s) {
      s.list.push({ in: Symbol('x') })
    },
  ],
  [
    'a place in a list',
    function author(s) {
      s.list[0] = none
    },
  ],
  [
    'a Map',
    function author(s) {
      s.map.set('x', none)
    },
  ],
  [
    'a Set',
    function author(s) {
      s.set.add(none)
    },
  ],
])('what cannot live in state is refused with the line of the author that put it into %s', (_, put) => {
  const draft = openDraft(base(), ['d'])
  put(draft.state)
  expect(() => draft.commit()).toThrow(
    expect.objectContaining({
      code: 'invalid-value',
      cause: expect.objectContaining({
        stack: expect.stringMatching(/The value was assigned here\.[\s\S]* at author /),
      }),
    }),
  )
})

test('what has become so later is refused without a line', () => {
  const draft = openDraft(base(), ['d'])
  const own: Record<string, unknown> = {}
  draft.state.one = own
  own.late = none
  expect(() => draft.commit()).toThrow(expect.not.objectContaining({ cause: expect.anything() }))
})

test('what was put in and taken out again is no fault', () => {
  const draft = openDraft(base(), ['d'])
  draft.state.one = none
  draft.state.one = draft.state.list
  expect(draft.commit()).toMatchObject({ one: [] })
})
