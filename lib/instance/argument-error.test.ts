import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineState, HeldStateError } from '../doors/authors.js'
import { failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    run: background({ input: z.object({ ms: z.number() }) }, ({ sleep }, { ms }) => sleep(ms)),
  }))
  .events((on) => ({
    person: on(z.object({ name: z.string().min(1, 'Say your name.'), age: z.coerce.number<string>().int() }), () => {}),
    rows: on(z.array(z.object({ n: z.number() })), () => {}),
    names: on(z.record(z.string(), z.number()), () => {}),
    long: on(
      z.string().refine(() => false, 'x'.repeat(5000)),
      () => {},
    ),
    breaks: on(() => {
      throw new Error('no')
    }),
    refuses: on(() => {
      const issues = [{ message: 'taken', path: ['name', Number.NaN] }]
      throw new HeldStateError('invalid-arguments', 'no', { issues })
    }),
  }))

async function open() {
  const kit = testHub([d])
  const tab = await kit.open()
  return { ...(await tab.watch(d)), fails: (call: Promise<unknown>) => failure(kit.clock, call) }
}

it('arguments that a schema refuses come back with what is wrong, and where', async () => {
  const { person, rows, run, fails } = await open()
  const error = await fails(person({ name: '', age: 'secret' }))
  expect(error.issues).toEqual([
    { message: 'Say your name.', path: ['name'] },
    { message: expect.any(String), path: ['age'] },
  ])
  expect(JSON.stringify([error.message, error.issues])).not.toContain('secret')
  expect(await fails(person(null as never))).toMatchObject({ issues: [{ path: [] }] })
  expect(await fails(rows([{ n: 1 }, { n: 'x' as never }]))).toMatchObject({ issues: [{ path: [1, 'n'] }] })
  expect(await fails(run.start({ ms: 'x' as never }))).toMatchObject({ issues: [{ path: ['ms'] }] })
})

it('issues are told of within bounds, however many there are and whoever has chosen their keys', async () => {
  const { rows, names, long, fails } = await open()
  const refused = await fails(rows(Array(500).fill({})))
  expect(refused.issues).toHaveLength(20)
  expect(refused.message).toMatch(/; and 480 more$/)
  for (const call of [() => names({ ['k'.repeat(10_000)]: 'x' as never }), () => long('')]) {
    const { issues, message } = await fails(call())
    expect(issues).toHaveLength(1)
    expect(JSON.stringify([issues, message]).length).toBeLessThan(1000)
  }
})

it('a handler can name the places that it refuses; what the wire cannot carry of them becomes text', async () => {
  const { refuses, fails } = await open()
  expect(await fails(refuses())).toMatchObject({
    code: 'invalid-arguments',
    message: 'no',
    issues: [{ message: 'taken', path: ['name', 'NaN'] }],
  })
})

it('a failure that has no issues says nothing of them', async () => {
  const { breaks, fails } = await open()
  expect('issues' in (await fails(breaks()))).toBe(false)
})
