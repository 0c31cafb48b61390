/** What changes a state has its fields alone: a computed value there would be `undefined` without a word. */
import { expect, it } from 'vitest'
import { defineState, type StateOf } from '../doors/authors.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

type Fields = StateOf<typeof d> & { double: number; percent?: number }
let look: (s: Fields) => unknown = () => {}

const d = defineState('d', () => ({
  n: 1,
  nothing: undefined as unknown,
  deep: {} as { double?: number },
  seen: null as unknown,
}))
  .computed({ double: (s) => s.n * 2 })
  .tasks((background) => ({
    run: background(({ update }) => update((s) => void (s.seen = look(s as Fields)))),
  }))
  .events((on) => ({
    see: on((s) => {
      s.n += 1
      s.seen = look(s as Fields)
    }),
  }))

async function open(given: typeof look) {
  look = given
  const kit = testHub([d])
  const tab = await kit.open()
  return { ...kit, tab, ...(await tab.watch(d)), d: () => tab.state(d) }
}

it('a computed value that a handler, a task or server code reads fails, and says what it is', async () => {
  const { see, run, d: now, tab, hub, clock } = await open((s) => s.double)
  const refusal = { code: 'not-a-field', message: expect.stringMatching(/"double" of state "d" is a computed value/) }
  expect(await failure(clock, see())).toMatchObject(refusal)
  expect(now()).toMatchObject({ n: 1, double: 2 })
  await done(clock, run.start())
  expect(now().run.error).toMatchObject(refusal)
  const modified = hub.modifyState(tab.token, d, (s) => (s as Fields).double)
  await expect(modified).rejects.toMatchObject(refusal)
})

it('one that is written fails as well', async () => {
  const { see, clock } = await open((s) => {
    s.double = 5
  })
  expect(await failure(clock, see())).toMatchObject({ code: 'not-a-field', message: expect.stringMatching(/written/) })
})

it.each<[string, typeof look, unknown]>([
  ['a field that is undefined', (s) => s.nothing === undefined, true],
  ['a name that is nothing at all', (s) => s.percent === undefined, true],
  ['the same name in a field', (s) => s.deep.double === undefined, true],
  ['its name among the others', (s) => 'double' in s, false],
  ['all fields', (s) => Object.keys({ ...s }), ['n', 'nothing', 'deep', 'seen']],
  ['all as text', (s) => JSON.stringify(s), '{"n":2,"deep":{},"seen":null}'],
])('%s can be read', async (_, given, result) => {
  const { see, d: now, clock } = await open(given)
  await done(clock, see())
  expect(now().seen).toEqual(result)
})
