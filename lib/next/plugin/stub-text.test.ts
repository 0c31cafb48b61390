import { expect, test } from 'vitest'
import { evaluateStateModule } from './evaluate.js'
import { stubText } from './stub-text.js'

const source = `
  // a comment with MARKER
  import { defineState } from 'heldstate'
  export const MARKER_EXPORT = 'MARKER'
  export const counter = defineState('counter', () => ({ n: 1, text: 'a "quoted" \\u2028 text' }))
    .private(() => ({ MARKER: 'MARKER' }))
    .events((on) => ({ add: on((s) => { s.n += 'MARKER'.length }) }))
  export default defineState('other', () => ({ at: new Map([[1, 2]]) }))
`

test('a stub holds the definitions of a module and no other text of it', () => {
  const text = stubText(evaluateStateModule('/app/counter.state.ts', source))
  expect(text).toMatchInlineSnapshot(`
    "import { stub } from 'heldstate/stub'
    export const counter = stub({"id":"counter","defaults":{"n":1,"text":"a \\"quoted\\"   text"},"events":["add"],"tasks":[]})
    export default stub({"id":"other","defaults":{"$held":"[{\\"at\\":1},[\\"Map\\",2,3],1,2]"},"events":[],"tasks":[]})
    "
  `)
  expect(text).not.toContain('MARKER')
})

test('of a state with optimistic events it holds the functions that pages run', () => {
  const text = stubText(
    evaluateStateModule(
      '/app/list.state.ts',
      `import { defineState } from 'heldstate'
      const MARKER = 1
      export const list = defineState('list', () => ({ n: 0, names: [] as string[] })).events((on) => ({
        add: on({ optimistic: true }, (s, by: number) => { s.n += by }),
        name: on({ optimistic: (s, name: string) => void s.names.push(name) }, (s, name: string) => { s.names.push(name + MARKER) }),
        other: on((s) => { s.n = MARKER }),
      }))`,
    ),
  )
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    `import { predictions, stub } from 'heldstate/stub' export const list = stub({"id":"list","defaults":{"n":0,"names":[]},` +
      `"events":["add","name","other"],"tasks":[]}, predictions({ ` +
      `"add": ((s, by) => { s.n += by; }), "name": ((s, name) => void s.names.push(name)) }))`,
  )
  expect(text).not.toContain('MARKER')
})

test('the handler of an optimistic event may reply: the page that runs it has no use for that', () => {
  const [, text] =
    stubText(
      evaluateStateModule(
        '/app/list.state.ts',
        `import { defineState, reply as answer } from 'heldstate'
      export const list = defineState('list', () => ({ n: 0 })).events((on) => ({
        add: on({ optimistic: true }, (s, by: number) => { s.n += by; return answer({ n: s.n }) }),
      }))`,
      ),
    ).match(/"add": (.*) }\)\)/s) ?? []
  const state = { n: 1 }
  new Function(`return ${text}`)()(state, 2)
  expect(state.n).toBe(3)
  const other = `import { defineState, plain, reply } from 'heldstate'
    export const list = defineState('list', () => ({ n: 0 })).events((on) => ({
      add: on({ optimistic: true }, (s) => reply(plain(s))),
    }))`
  expect(() => evaluateStateModule('/app/list.state.ts', other)).toThrow('"plain" does not exist')
})

test('the handler of an optimistic event may refuse: the page that runs it shows nothing then', () => {
  const [, text] =
    stubText(
      evaluateStateModule(
        '/app/list.state.ts',
        `import { defineState, HeldStateError, Refusal } from 'heldstate'
      export const list = defineState('list', () => ({ n: 0 })).events((on) => ({
        add: on({ optimistic: true }, (s, by: number) => {
          if (by < 0) throw new Refusal('Not below 0.')
          if (by > 9) throw new HeldStateError('invalid-arguments', 'Not above 9.', { issues: [] })
          s.n += by
        }),
      }))`,
      ),
    ).match(/"add": (.*) }\)\)/s) ?? []
  const add = new Function(`return ${text}`)()
  const state = { n: 1 }
  add(state, 2)
  expect(state.n).toBe(3)
  expect(() => add(state, -1)).toThrow('Not below 0.')
  expect(() => add(state, 10)).toThrow()
})

test.each([
  [`import { limit } from './limits'`, 'limit', 'limit'],
  [`import { limit as most } from './limits'`, 'most', 'limit'],
  [`import most from './limits'`, 'most', 'limits'],
])('the refusal of an optimistic event names the import as its author wrote it: %s', (line, used, named) => {
  const source = `import { defineState } from 'heldstate'
    ${line}
    export const list = defineState('list', () => ({ n: 0 })).events((on) => ({
      add: on({ optimistic: true }, (s) => { s.n = ${used} }),
    }))`
  expect(() => evaluateStateModule('/app/list.state.ts', source)).toThrow(`where "${named}" does not exist`)
})

test('what a module exports of other state modules, its stub exports of theirs', () => {
  const evaluated = evaluateStateModule(
    '/app/all.state.ts',
    `import { defineState } from 'heldstate'
    import cart, { wishes } from './cart.state'
    import * as rooms from '@/rooms.state'
    import type { Item } from './types.state'
    export type { Item }
    export { counter, counter as clicks, default as first } from '../counter.state'
    export * from './lists.state'
    export * from '@repo/states/users.state.ts'
    export * as all from './lists.state'
    export { cart, rooms, wishes as default }
    export const own = defineState('own', () => ({ n: 0 })).events((on) => ({ go: on(() => cart.triggers.add()) }))`,
  )
  expect(stubText(evaluated).split('\n').sort()).toEqual(
    [
      '',
      `import { stub } from 'heldstate/stub'`,
      'export const own = stub({"id":"own","defaults":{"n":0},"events":["go"],"tasks":[]})',
      'export { counter } from "../counter.state"',
      'export { counter as clicks } from "../counter.state"',
      'export { default as first } from "../counter.state"',
      'export { default as cart } from "./cart.state"',
      'export { wishes as default } from "./cart.state"',
      'export * as rooms from "@/rooms.state"',
      'export * as all from "./lists.state"',
      'export * from "./lists.state"',
      'export * from "@repo/states/users.state.ts"',
    ].sort(),
  )
})

test('a module that exports no state is an empty one', () => {
  expect(stubText(evaluateStateModule('/app/none.state.ts', 'const n = 1'))).toBe('export {}\n')
})

test('an optimistic event that needs its module is refused where it is compiled', () => {
  const source = `import { defineState } from 'heldstate'
    const MARKER = 1
    export const list = defineState('list', () => ({ n: 0 })).events((on) => ({
      add: on({ optimistic: true }, (s) => { s.n = MARKER }),
    }))`
  expect(() => evaluateStateModule('/app/list.state.ts', source)).toThrow('"MARKER" does not exist')
})
