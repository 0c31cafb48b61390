/** What handlers and tasks are given, and what they may return and yield. Nothing of it runs. */
import { z } from 'zod'
import { defineState, type Trigger } from '../doors/authors.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const other = defineState('other', () => ({ words: [] as string[] }))
  .private(() => ({ hidden: 0 }))
  .computed({ size: (s) => s.words.length })
  .tasks((background) => ({ work: background(async (_self, page: number) => void page) }))
  .events((on) => ({ say: on((s, word: string) => void s.words.push(word)) }))
const { say, work } = other.triggers

defineState('results', () => ({ n: 0 })).events((on) => ({
  nothing: on(() => {}),
  one: on(() => say('x')),
  list: on(() => [say('x'), work(1)]),
  readonlyList: on((): readonly Trigger[] => [say('x')]),
  later: on(async () => say('x')),
  perhaps: on((s) => (s.n > 1 ? say('x') : undefined)),
  steps: on(function* () {
    yield
    yield say('x')
    yield [say('x'), work(1)]
    return [work(1)]
  }),
  laterSteps: on(async function* () {
    yield
    yield [work(1)]
    return say('x')
  }),
  // @ts-expect-error a text is no trigger
  text: on(() => 'x'),
  // @ts-expect-error nor is null
  nil: on(() => null),
  // @ts-expect-error nor a promise of something else
  laterNumber: on(async () => 5),
  // @ts-expect-error nor the function that makes one
  maker: on(() => say),
  // @ts-expect-error a list holds triggers alone
  mixed: on(() => [say('x'), 5]),
  // @ts-expect-error a yield shows, or starts triggers
  yieldsNumber: on(function* () {
    yield 5
  }),
  // @ts-expect-error an asynchronous one as well
  yieldsText: on(async function* () {
    yield 'x'
  }),
  // @ts-expect-error what a generator returns is a trigger too
  returnsFromSteps: on(function* () {
    yield
    return 5
  }),
  // @ts-expect-error triggers of tasks are typed like those of events
  wrongPage: on(() => work('1')),
}))

defineState('tasks', () => ({ n: 0 })).tasks((background) => ({
  nothing: background(async () => {}),
  one: background(async () => say('x')),
  list: background(async () => [say('x'), work(1)]),
  steps: background(async function* (self) {
    yield
    yield say('x')
    yield [say('x')]
    await using held = await self.lock()
    held.state.n += 1
    yield
    return [work(1)]
  }),
  // @ts-expect-error a task returns triggers, nothing else
  number: background(async () => 5),
  // @ts-expect-error and yields nothing else
  yieldsNumber: background(async function* () {
    yield 5
  }),
  withoutWord: background(async function* () {
    // @ts-expect-error nor a trigger without its arguments
    yield say()
  }),
  single: background({ concurrency: 'single', input: z.string() }, async (_self, text) => {
    same<typeof text, string>(true)
  }),
  // @ts-expect-error the task gets what comes out of its schema
  wrongInput: background({ input: z.coerce.number<string>() }, async (_self, n: string) => void n),
  // @ts-expect-error an option that there is not
  wrongOption: background({ concurency: 'single' }, async () => {}),
}))

defineState('self', () => ({ n: 0 }))
  .computed({ double: (s) => s.n * 2 })
  .tasks((background) => ({
    given: background(async (self) => {
      same<typeof self.token, string>(true)
      same<typeof self.signal, AbortSignal>(true)
      // @ts-expect-error a token is handed out, not replaced
      self.token = 'x'
      void self.sleep(100)
      // @ts-expect-error milliseconds are a number
      void self.sleep('100')
      self.progress(0.5)
      self.progress(0.5, 'half')
      // @ts-expect-error a note is text
      self.progress(0.5, 5)
      // @ts-expect-error a report has a fraction
      self.progress()

      const seen = self.get(other)
      same<typeof seen.size, number>(true)
      same<typeof seen.hidden, number>(true)
      // @ts-expect-error what another state shows is read-only
      seen.hidden = 1

      await using held = await self.lock()
      same<typeof held.token, string>(true)
      held.get(other).hidden = 1
      held.rollback()
      // @ts-expect-error a computed value is no field of the draft
      void held.state.double
      // @ts-expect-error nor is one of another state
      void held.get(other).size
      // @ts-expect-error a block has no second lock in it
      void held.lock()
      // @ts-expect-error the state of a block is changed, not replaced
      held.state = { n: 1 }

      await self.update((s, inside) => {
        same<typeof inside.token, string>(true)
        inside.get(other).words.push('x')
        inside.state.n = s.n
      })
      // @ts-expect-error an update has a function
      void self.update()
      // @ts-expect-error a task does not call an event, it yields a trigger
      void self.given
    }),
  }))

defineState('computed', () => ({ n: 0 }))
  .private(() => ({ secret: 'x' }))
  .computed({ length: (s) => s.secret.length })
  .computed({
    // @ts-expect-error computed values of one stage do not see each other
    sum: (s) => s.length + s.twice,
    twice: (s) => s.length * 2,
  })
  // @ts-expect-error a computed value is a function of the state
  .computed({ constant: 5 })

// @ts-expect-error an id is a text
defineState(5, () => ({}))
// @ts-expect-error first values come from a function
defineState('s', { n: 0 })
// @ts-expect-error that gives an object
defineState('s', () => 5)
// @ts-expect-error private ones too
defineState('s', () => ({})).private({ n: 0 })
