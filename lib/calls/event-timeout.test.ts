/** Functions of the author's that never end: they fail by name, change nothing any more, and others get the lock. */
import inspector from 'node:inspector'
import { afterEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defaultLimits } from '../base/limits.js'
import { defineState } from '../doors/authors.js'
import { gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

let wait = gate()
let late: unknown[] = []
const never = () => new Promise<never>(() => {})
const caught = (write: () => unknown) => {
  try {
    late.push(write())
  } catch (error) {
    late.push((error as { code: string }).code)
  }
}

const other = defineState('other', () => ({ n: 0 }))
const d = defineState('d', () => ({ n: 0, list: [] as number[] }))
  .tasks((background) => ({
    count: background(async ({ update }) => void (await update((s) => void (s.n += 100)))),
    hangs: background(async ({ update }) => {
      await update(async (s) => {
        s.n += 1
        await never()
      })
    }),
    given: background({ input: z.string().refine(never) }, async () => {}),
  }))
  .events((on, { count }) => ({
    add: on((s) => void (s.n += 1)),
    hang: on(async (s) => {
      s.n += 1
      await never()
    }),
    late: on(async function (s) {
      s.n += 10
      const { list } = s
      await wait.opened
      caught(() => void (s.n += 10))
      caught(() => list.push(1))
      caught(() => void (this.get(other).n += 1))
      return count()
    }),
    fails: on(async () => {
      await wait.opened
      throw new Error('too late')
    }),
    steps: on(async function* (s) {
      try {
        s.n += 1
        yield
        await wait.opened
        caught(() => void (s.n += 10))
        yield count()
        late.push('went on')
      } finally {
        late.push('finally')
      }
    }),
    slow: on({ timeout: '2m' }, async (s) => {
      await wait.opened
      s.n += 1
    }),
    quick: on({ timeout: 50 }, () => never()),
    many: on(async function* (s) {
      for (let step = 0; step < 5; step += 1) {
        await new Promise<void>((resolve) => steps.push(resolve))
        s.n += 1
        yield
      }
    }),
    checked: on(z.string().refine(never), (s) => void (s.n += 1)),
  }))
let steps: (() => void)[] = []

async function open() {
  wait = gate()
  late = []
  steps = []
  const kit = testHub([d, other])
  const tab = await kit.open()
  await tab.watch(other)
  const state = await tab.watch(d)
  const ends: string[] = []
  const note = (name: string, call: Promise<unknown>) =>
    void call.then(
      () => ends.push(`${name} done`),
      (error) => ends.push(`${name} ${error.code}`),
    )
  return { ...kit, tab, state, ends, note, n: () => tab.state(d).n }
}

afterEach(() => vi.unstubAllEnvs())

it('an event that never ends fails by name after its timeout, and the next call of its tab goes on', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  const { state, ends, note, clock, log, n } = await open()
  note('hang', state.hang())
  note('add', state.add())
  await clock.advance(defaultLimits.eventTimeoutMs - 10)
  expect(ends).toEqual([])
  await clock.advance(50)
  expect([ends, n()]).toEqual([['hang event-timeout', 'add done'], 1])
  expect(log.lines.join()).toContain('error: Event "hang" of state "d" took longer than its timeout of 30000 ms')
})

it('what it does later changes nothing and starts nothing', async () => {
  const { state, ends, note, clock, n, tab } = await open()
  note('late', state.late())
  await clock.advance(31_000)
  wait.open()
  await clock.advance(1_000)
  expect(late).toEqual(['immutable-state', 'immutable-state', 'immutable-state'])
  note('add', state.add())
  await clock.advance(50)
  expect([ends, n(), tab.state(d).count.outcome, tab.state(other).n]).toEqual([
    ['late event-timeout', 'add done'],
    1,
    null,
    0,
  ])
})

it('a rejection that comes too late is not unhandled', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const { state, ends, note, clock } = await open()
  note('fails', state.fails())
  await clock.advance(31_000)
  wait.open()
  await clock.advance(100)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', unhandled)
  expect([ends, unhandled.mock.calls]).toEqual([['fails event-timeout'], []])
})

it('a generator keeps what it has shown, and its end runs when it goes on', async () => {
  const { state, ends, note, clock, n, tab } = await open()
  note('steps', state.steps())
  await clock.advance(31_000)
  expect([ends, n()]).toEqual([['steps event-timeout'], 1])
  wait.open()
  await clock.advance(100)
  expect([late, n(), tab.state(d).count.outcome]).toEqual([['immutable-state', 'finally'], 1, null])
})

it('each yield gives it its time again', async () => {
  const { state, ends, note, clock, n } = await open()
  note('many', state.many())
  for (let step = 0; step < 5; step += 1) {
    await clock.advance(20_000)
    steps.shift()?.()
    await clock.settle()
  }
  await clock.advance(20)
  expect([ends, n()]).toEqual([['many done'], 5])
})

it('an event may have a timeout of its own', async () => {
  const { state, ends, note, clock } = await open()
  note('quick', state.quick())
  await clock.advance(100)
  note('slow', state.slow())
  await clock.advance(100_000)
  wait.open()
  await clock.advance(100)
  expect(ends).toEqual(['quick event-timeout', 'slow done'])
  expect(() =>
    defineState('e', () => ({})).events((on) => ({ a: on({ timeout: 'soon' as never }, () => {}) })),
  ).toThrow('expected a duration')
})

it('a schema that never answers fails the call, and the start of a task', async () => {
  const { state, ends, note, clock } = await open()
  note('checked', state.checked('a'))
  note('given', state.given.start('a'))
  note('add', state.add())
  await clock.advance(61_000)
  expect(ends.sort()).toEqual(['add done', 'checked event-timeout', 'given event-timeout'])
})

it('a change of a task or of server code that never ends gives the lock back as well', async () => {
  const { state, ends, note, clock, tab, hub, n } = await open()
  note('start', state.hangs.start())
  await clock.advance(10)
  note('add', state.add())
  await clock.advance(31_000)
  expect([ends, n(), tab.state(d).hangs.error?.code]).toEqual([['start done', 'add done'], 1, 'event-timeout'])
  const modified = hub.modifyState(tab.token, d, never).catch((error) => error.message)
  await clock.advance(31_000)
  expect(await modified).toContain('modifyState() of state "d" held the lock for 30000 ms')
})

it('cancelling a task whose change waits gives the lock back at once', async () => {
  const { state, ends, note, clock, n } = await open()
  note('start', state.hangs.start())
  await clock.advance(10)
  note('add', state.add())
  note('cancel', state.hangs.cancel())
  await clock.advance(20)
  expect([ends, n()]).toEqual([expect.arrayContaining(['start done', 'add done', 'cancel done']), 1])
})

it('a handler that waits for nothing sets no timer', async () => {
  const { clock, state, done } = await open()
  const timers = vi.spyOn(clock, 'after')
  await done(state.add())
  const before = timers.mock.calls.filter(([ms]) => ms === defaultLimits.eventTimeoutMs)
  expect(before).toEqual([])
})

it('no event is ended while a debugger is attached', async () => {
  const { state, ends, note, clock } = await open()
  inspector.open(0, '127.0.0.1')
  try {
    note('slow', state.slow())
    await clock.advance(300_000)
    expect(ends).toEqual([])
    wait.open()
    await clock.advance(100)
    expect(ends).toEqual(['slow done'])
  } finally {
    inspector.close()
  }
})
