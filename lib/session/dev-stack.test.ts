import { runInThisContext } from 'node:vm'
import { afterEach, expect, test, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { modifyState } from '../doors/server.js'
import { failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { devStackOf } from './dev-stack.js'

afterEach(() => vi.unstubAllEnvs())

/** An error as it comes from a handler that Next has compiled. */
function thrown(): Error {
  const error = new Error('no')
  error.stack = [
    'Error: no',
    '    at inner (/app/.next/dev/server/chunks/[root] 1.js:3:4)',
    '    at /app/.next/dev/server/chunks/2.js:5:6',
    '    at eval (webpack-internal:///(rsc)/./app/d.state.ts?real:7:8)',
    '    at Array.map (<anonymous>)',
    '    at async other (file:///app/own.js:9:10)',
    `    at run (${import.meta.filename}:1:1)`,
    '    at emit (node:events:1:1)',
    '    at send (/app/node_modules/engine.io/index.js:1:1)',
  ].join('\n')
  return error
}

const lines = [
  '    at inner (file:///app/.next/dev/server/chunks/%5Broot%5D%201.js:3:4)',
  '    at <anonymous> (file:///app/.next/dev/server/chunks/2.js:5:6)',
  '    at eval (webpack-internal:///(rsc)/./app/d.state.ts?real:7:8)',
  '    at async other (file:///app/own.js:9:10)',
].join('\n')

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({ fail: background(async () => Promise.reject(thrown())) }))
  .events((on, { fail }) => ({
    refuse: on(() => {
      throw thrown()
    }),
    begin: on(() => fail()),
    wrong: on(() => ({ ...fail(), member: 'gone' })),
  }))

async function setUp(mode: string) {
  vi.stubEnv('NODE_ENV', mode)
  const kit = testHub([d])
  const tab = await kit.open()
  return { ...kit, tab, view: await tab.watch(d) }
}

test('the trail of an error is the lines of the author, of what was thrown first', () => {
  vi.stubEnv('NODE_ENV', 'development')
  expect(devStackOf(thrown())).toEqual({ stack: lines })
  expect(devStackOf(new Error('wrapped', { cause: new Error('twice', { cause: thrown() }) }))).toEqual({ stack: lines })
  expect(devStackOf(new Error('of ours alone'))).toEqual({})
  expect(devStackOf('a text')).toEqual({})
  const circle = new Error('circle')
  circle.cause = circle
  expect(devStackOf(circle)).toEqual({})
})

test('in development a page is told the lines of what a handler threw', async () => {
  const { clock, view } = await setUp('development')
  const error = await failure(clock, view.refuse())
  expect(error.stack).toBe(`HeldStateError: ${error.message}\n${lines}`)
  expect(error.cause).toMatchObject({ message: expect.stringMatching(/^no\n/), stack: `Error: no\n${lines}` })
})

test('in development a page is told of a task that failed, and of a trigger', async () => {
  const { done, tab, view } = await setUp('development')
  await done(view.begin())
  const words = expect.stringMatching(/^Something went wrong \(reference \w{8}\)\.$/)
  expect(tab.reports).toEqual([words])
  await done(view.wrong())
  expect(tab.reports).toEqual([words, expect.stringContaining('no event or task "gone"')])
  expect(tab.state(d).fail.error).toEqual({ code: 'task-failed', message: words })
})

test('in production it is told code and message and nothing else', async () => {
  const { clock, done, tab, view } = await setUp('production')
  const refused = await failure(clock, view.refuse())
  expect(refused).toMatchObject({ code: 'handler-failed', message: expect.stringMatching(/^Something went wrong/) })
  expect(refused.cause).toBeUndefined()
  await done(view.begin())
  await done(view.wrong())
  expect(tab.reports).toEqual([])
  expect(JSON.stringify(tab.wire.received)).not.toContain('/app/')
})

/** The state module of an app, which lies outside of the library. */
const module_ = `(defineState, modifyState) => {
  const tick = async () => { for (let turn = 0; turn < 5; turn += 1) await undefined }
  const helper = async (token, d) => {
    await tick()
    await modifyState(token, d, () => {}) // here: nested
  }
  const d = defineState('app', () => ({ n: 0 }))
    .computed({ double: (s) => s.n * 2 })
    .events((on) => ({
      undeclared: on((s) => {
        s.nope = 1 // here: undeclared
      }),
      undeclaredLater: on(async (s) => {
        await tick()
        s.nope = 1 // here: undeclaredLater
      }),
      read: on(async (s) => {
        await tick()
        return s.double // here: read
      }),
      written: on(async (s) => {
        await tick()
        s.double = 1 // here: written
      }),
      held: on(async (s) => {
        await tick()
        s.n = () => 1 // here: held
      }),
      nested: on(async function () {
        await tick()
        await helper(this.token, d)
      }),
      trigger: on(async () => { // here: trigger
        await tick()
        return 5
      }),
      throws: on(async () => {
        await tick()
        throw new Error('mine') // here: throws
      }),
    }))
  return d
}`

const lineIn = (mark: string) => module_.split('\n').findIndex((line) => line.includes(`here: ${mark}`)) + 1

test.each([
  ['undeclared', 'undeclared-field'],
  ['undeclaredLater', 'undeclared-field'],
  ['read', 'not-a-field'],
  ['written', 'not-a-field'],
  ['held', 'invalid-value'],
  ['nested', 'nested-lock'],
  ['trigger', 'invalid-trigger'],
  ['throws', 'handler-failed'],
])(
  'the line of %s reaches the page and the terminal in development, and neither in production',
  async (event, code) => {
    for (const mode of ['development', 'production']) {
      vi.stubEnv('NODE_ENV', mode)
      const define = runInThisContext(module_, { filename: '/app/a.state.js' })
      const app = define(defineState, modifyState) as typeof d
      const kit = testHub([app])
      const shown: string[] = []
      vi.spyOn(kit.log, 'error').mockImplementation((_, error) => {
        for (let one = error; one instanceof Error; one = one.cause) shown.push(String(one.stack))
      })
      const view = (await (await kit.open()).watch(app)) as unknown as Record<string, () => Promise<void>>
      const error = await failure(kit.clock, (view[event] as () => Promise<void>)())
      const line = `/app/a.state.js:${lineIn(event)}:`
      expect(error.code).toBe(code)
      expect(String(error.stack).includes(line), mode).toBe(mode === 'development')
      if (mode === 'development') expect(shown.join()).toContain(line)
    }
  },
)
