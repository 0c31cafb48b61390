import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

let wait = gate()
let cleaned = 0

const d = defineState('d', () => ({ n: 0, list: [{ deep: { n: 0 } }] as { deep: { n: number } }[] })).events((on) => ({
  add: on((s, by: number) => {
    s.n += by
  }),
  later: on(async (s) => {
    s.n += 1
    await wait.opened
    s.n += 1
  }),
  steps: on(function* (s) {
    s.n += 1
    yield
    s.n += 1
    yield
    s.n += 1
  }),
  slowSteps: on(async function* (s) {
    s.n += 1
    yield
    await wait.opened
    s.n += 1
  }),
  retained: on(async function* (s) {
    const first = s.list[0] as { deep: { n: number } }
    const { deep } = first
    deep.n = 1
    yield
    deep.n += 1
    s.list.push({ deep: { n: 10 } })
    yield
    first.deep.n += 1
    deep.n += 1
  }),
  yieldThenThrow: on(async function* (s) {
    s.n += 1
    yield
    s.n += 10
    throw new Error('after a yield')
  }),
  yieldNonsense: on(function* (s) {
    try {
      s.n += 1
      yield 'nonsense' as never
    } finally {
      cleaned += 1
    }
  }),
  fails: on((s) => {
    s.n = 99
    s.list.push({ deep: { n: 1 } })
    throw new Error('no')
  }),
  failsLater: on(async (s) => {
    s.n = 99
    await Promise.resolve()
    throw new Error('no')
  }),
  throwsOddly: on(() => {
    throw Object.create(null)
  }),
  nothingChanged: on(() => {}),
  context: on(function (s) {
    s.n = this.token.length
    this.get(other).n += 1
  }),
  contextThenThrow: on(function (s) {
    s.n = 1
    this.get(other).n += 1
    throw new Error('both or none')
  }),
}))
const other = defineState('other', () => ({ n: 0 }))

async function open() {
  wait = gate()
  cleaned = 0
  const kit = testHub([d, other])
  const tab = await kit.open()
  await tab.watch(other)
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d) }
}

it('runs a synchronous event', async () => {
  const { clock, state, d } = await open()
  await done(clock, state.add(3))
  expect(d().n).toBe(3)
})

it('resolves a call only when its effect is in the mirror', async () => {
  const { clock, state, d } = await open()
  let seen = -1
  const called = state.add(3).then(() => {
    seen = d().n
  })
  await done(clock, called)
  expect(seen).toBe(3)
})

it('shows nothing of an asynchronous event before it has ended', async () => {
  const { clock, state, d } = await open()
  const called = state.later()
  await clock.advance(100)
  expect(d().n).toBe(0)
  wait.open()
  await done(clock, called)
  expect(d().n).toBe(2)
})

it('shows what a generator changed at each yield', async () => {
  const { clock, state, tab } = await open()
  const before = tab.revision
  await done(clock, state.steps())
  expect(tab.state(d)).toMatchObject({ n: 3 })
  expect(tab.revision).toBe(before + 3)
})

it('shows what an async generator changed at its yield while it goes on', async () => {
  const { clock, state, d } = await open()
  const called = state.slowSteps()
  await clock.advance(20)
  expect(d().n).toBe(1)
  wait.open()
  await done(clock, called)
  expect(d().n).toBe(2)
})

it('lets a handler go on with nested drafts that it took before a yield', async () => {
  const { clock, state, d } = await open()
  await done(clock, state.retained())
  expect(d().list).toEqual([{ deep: { n: 4 } }, { deep: { n: 10 } }])
})

it('holds the lock of an event over its yields', async () => {
  const { clock, state, hub, tab, d: now } = await open()
  const called = state.slowSteps()
  await clock.advance(20)
  const change = hub.modifyState(tab.token, d, (s) => {
    s.n *= 100
  })
  await clock.advance(20)
  expect(now().n).toBe(1)
  wait.open()
  await done(clock, Promise.all([called, change]))
  await clock.advance(20)
  expect(now().n).toBe(200)
})

it('keeps nothing of an event that throws, and says why', async () => {
  const { clock, state, tab, log, d } = await open()
  const before = tab.revision
  expect(await failure(clock, state.fails())).toMatchObject({
    code: 'handler-failed',
    message: expect.stringMatching(/^Something went wrong/),
    cause: expect.objectContaining({ message: expect.stringMatching(/^no\n/) }),
  })
  expect(await failure(clock, state.failsLater())).toMatchObject({ code: 'handler-failed' })
  expect(d()).toMatchObject({ n: 0, list: [{ deep: { n: 0 } }] })
  expect(tab.revision).toBe(before)
  expect(log.lines).toHaveLength(2)
  await done(clock, state.add(1))
  expect(d().n).toBe(1)
})

it('keeps only what a yield has committed when an event throws after it', async () => {
  const { clock, state, d } = await open()
  expect(await failure(clock, state.yieldThenThrow())).toMatchObject({ code: 'handler-failed' })
  expect(d().n).toBe(1)
})

it('survives a thrown value that has no text', async () => {
  const { clock, state, d } = await open()
  expect(await failure(clock, state.throwsOddly())).toMatchObject({ code: 'handler-failed' })
  await done(clock, state.add(1))
  expect(d().n).toBe(1)
})

it('refuses a yield of something that is no trigger, keeps nothing of it, and runs the finally of the handler', async () => {
  const { clock, state, d } = await open()
  expect(await failure(clock, state.yieldNonsense())).toMatchObject({ code: 'invalid-trigger' })
  expect(d().n).toBe(0)
  expect(cleaned).toBe(1)
})

it('makes no revision for an event that changed nothing', async () => {
  const { clock, state, tab } = await open()
  const before = tab.revision
  await done(clock, state.nothingChanged())
  expect(tab.revision).toBe(before)
})

it('gives a handler written as a function its token and the other states of the tab, all or nothing', async () => {
  const { clock, state, tab, d } = await open()
  await done(clock, state.context())
  expect(d().n).toBe(32)
  expect(tab.state(other).n).toBe(1)
  await failure(clock, state.contextThenThrow())
  expect(d().n).toBe(32)
  expect(tab.state(other).n).toBe(1)
})

it('handles the calls of a tab in the order in which they were made', async () => {
  const { clock, state, d } = await open()
  const calls = [state.later(), state.add(10), state.steps(), state.add(100)]
  await clock.settle()
  expect(d().n).toBe(0)
  wait.open()
  await done(clock, Promise.all(calls))
  expect(d().n).toBe(115)
})
