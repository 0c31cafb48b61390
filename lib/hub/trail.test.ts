import { afterEach, expect, test, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { trailOf } from './trail.js'

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
  expect(trailOf(thrown())).toEqual({ stack: lines })
  expect(trailOf(new Error('wrapped', { cause: new Error('twice', { cause: thrown() }) }))).toEqual({ stack: lines })
  expect(trailOf(new Error('of ours alone'))).toEqual({})
  expect(trailOf('a text')).toEqual({})
  const circle = new Error('circle')
  circle.cause = circle
  expect(trailOf(circle)).toEqual({})
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
