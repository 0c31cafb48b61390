import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineState, type Trigger } from '../doors/authors.js'
import { stub } from '../state/stub.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const journal = defineState('journal', () => ({ lines: [] as string[] }))
  .tasks((background) => ({
    work: background(async ({ update }, name: string) => {
      await update((s) => void s.lines.push(`task ${name}`))
    }),
    only: background({ concurrency: 'single' }, async ({ sleep }) => sleep(1000)),
  }))
  .events((on) => ({
    note: on((s, line: string) => {
      s.lines.push(line)
    }),
    noteSlowly: on(async (s, line: string) => {
      await Promise.resolve()
      await Promise.resolve()
      s.lines.push(line)
    }),
    positive: on(z.number().positive(), (s, n) => {
      s.lines.push(String(n))
    }),
    checkedSlowly: on(
      z.string().refine(async () => true),
      (s, line) => {
        s.lines.push(line)
      },
    ),
    fails: on(() => {
      throw new Error('trigger went wrong')
    }),
  }))

/** As a module sees `journal` that got it from the loader. */
const stubbed = stub(journal.manifest) as unknown as typeof journal
const gone = stub({ id: 'gone', defaults: {}, events: ['x'], tasks: [] }).triggers as Record<string, () => Trigger>
const renamed = stub({ id: 'journal', defaults: {}, events: ['old'], tasks: [] }).triggers as Record<
  string,
  () => Trigger
>

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    relay: background(async function* (_self) {
      yield journal.triggers.note('from a task')
      yield [journal.triggers.note('one'), journal.triggers.work('two')]
      return journal.triggers.note('at the end')
    }),
    returns: background(async () => journal.triggers.note('returned by a task')),
    nonsense: background(async () => 5 as never),
  }))
  .events((on) => ({
    single: on((s) => {
      s.n += 1
      return journal.triggers.note('single')
    }),
    list: on(() => [
      journal.triggers.noteSlowly('first'),
      journal.triggers.note('second'),
      journal.triggers.work('third'),
    ]),
    async: on(async () => journal.triggers.note('async')),
    steps: on(function* (s) {
      s.n = 1
      yield journal.triggers.note('yielded')
      s.n = 2
      yield [journal.triggers.note('a'), journal.triggers.note('b')]
      return journal.triggers.note('last')
    }),
    throughStub: on(() => [stubbed.triggers.note('event'), stubbed.triggers.work('of a stub')]),
    throwsAfterTrigger: on(function* (s) {
      s.n = 1
      yield journal.triggers.note('committed')
      s.n = 2
      throw new Error('late')
    }),
    toNowhere: on(() => [gone.x?.(), renamed.old?.(), journal.triggers.positive(-1)] as Trigger[]),
    toFailing: on(() => [journal.triggers.fails(), journal.triggers.note('goes on')]),
    slowSchemaFirst: on(() => [journal.triggers.checkedSlowly('first'), journal.triggers.note('second')]),
    toSingleTwice: on(() => [journal.triggers.only(), journal.triggers.only()]),
    returnsNumber: on(() => 5 as never),
    returnsFunction: on(() => journal.triggers.note as never),
    returnsMixed: on((s) => {
      s.n = 9
      return [journal.triggers.note('x'), null] as never
    }),
    returnsNull: on(() => null as never),
  }))
  .events((on, { single }) => ({
    own: on(() => single()),
  }))

async function open() {
  const kit = testHub([d, journal])
  const tab = await kit.open()
  await tab.watch(journal)
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d), lines: () => tab.state(journal).lines }
}

it('runs a trigger that an event returned after the change is committed', async () => {
  const { clock, state, lines, d } = await open()
  await done(clock, state.single())
  await clock.advance(20)
  expect(lines()).toEqual(['single'])
  expect(d().n).toBe(1)
})

it('runs a list of triggers in order, to events and to tasks', async () => {
  const { clock, state, lines } = await open()
  await done(clock, state.list())
  await clock.advance(20)
  expect(lines()).toEqual(['first', 'second', 'task third'])
})

it('runs triggers of asynchronous events, and of the definition itself', async () => {
  const { clock, state, lines } = await open()
  await done(clock, state.async())
  await done(clock, state.own())
  await clock.advance(20)
  expect(lines()).toEqual(['async', 'single'])
})

it('runs yielded triggers in order', async () => {
  const { clock, state, lines } = await open()
  await done(clock, state.steps())
  await clock.advance(20)
  expect(lines()).toEqual(['yielded', 'a', 'b', 'last'])
})

it('reaches another definition through its stub', async () => {
  const { clock, state, lines } = await open()
  await done(clock, state.throughStub())
  await clock.advance(20)
  expect(lines()).toEqual(['event', 'task of a stub'])
})

it('starts what a background task yields and returns', async () => {
  const { clock, state, lines } = await open()
  void state.relay.start()
  void state.returns.start()
  await clock.advance(20)
  expect([...lines()].sort()).toEqual(['at the end', 'from a task', 'one', 'returned by a task', 'task two'])
  expect(lines().indexOf('one')).toBeLessThan(lines().indexOf('at the end'))
})

it('runs the triggers that were committed before a throw, and no others', async () => {
  const { clock, state, lines, d } = await open()
  await failure(clock, state.throwsAfterTrigger())
  await clock.advance(20)
  expect(lines()).toEqual(['committed'])
  expect(d().n).toBe(1)
})

it.each(['returnsNumber', 'returnsFunction', 'returnsMixed', 'returnsNull'] as const)(
  'refuses what %s as a trigger, and keeps nothing',
  async (name) => {
    const { clock, state, lines, d } = await open()
    expect(await failure(clock, state[name]())).toMatchObject({
      code: 'invalid-trigger',
      message: expect.stringContaining('Event "'),
    })
    await clock.advance(20)
    expect(lines()).toEqual([])
    expect(d().n).toBe(0)
  },
)

it('shows the error of a task that returned something else than a trigger', async () => {
  const { clock, state, d } = await open()
  void state.nonsense.start()
  await clock.advance(20)
  expect(d().nonsense).toMatchObject({ running: 0, error: { code: 'invalid-trigger' } })
})

it('logs a trigger that leads nowhere, since no caller hears of it', async () => {
  const { clock, state, log } = await open()
  await done(clock, state.toNowhere())
  await clock.advance(20)
  expect(log.lines).toHaveLength(3)
  expect(log.lines[0]).toContain('No state is defined with the id "gone"')
  expect(log.lines[1]).toContain('has no event or task "old"')
  expect(log.lines[2]).toContain('"positive"')
})

it('logs a triggered event that throws once, and goes on with the next trigger', async () => {
  const { clock, state, log, lines } = await open()
  await done(clock, state.toFailing())
  await clock.advance(20)
  expect(log.lines.filter((line) => line.includes('trigger went wrong'))).toHaveLength(1)
  expect(lines()).toEqual(['goes on'])
})

it('does not log a second start of a single task: the author asked for one copy', async () => {
  const { clock, state, log, tab } = await open()
  await done(clock, state.toSingleTwice())
  await clock.advance(20)
  expect(tab.state(journal).only.running).toBe(1)
  expect(log.lines).toEqual([])
})

it('starts nothing when a trigger is only made', async () => {
  const { clock, lines } = await open()
  journal.triggers.note('never')
  await clock.advance(20)
  expect(lines()).toEqual([])
})

it('runs a trigger with an asynchronous schema before the one that follows it', async () => {
  const { clock, state, lines } = await open()
  await done(clock, state.slowSchemaFirst())
  await clock.advance(20)
  expect(lines()).toEqual(['first', 'second'])
})
