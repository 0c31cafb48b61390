/** In development, a field that a schema leaves out is named, so that a wrong name in a form is found. */
import { type } from 'arktype'
import * as v from 'valibot'
import { afterEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'

afterEach(() => vi.unstubAllEnvs())

const text = z.object({ name: z.string(), due: z.coerce.date().optional() })
const schemas = {
  zod: text,
  piped: z.object({ name: z.string() }).transform(({ name }) => ({ name })),
  valibot: v.object({ name: v.string() }),
  arktype: type({ name: 'string', '+': 'delete' }),
}
const takesAll = {
  loose: z.looseObject({ name: z.string() }),
  renamed: z.object({ name: z.string() }).transform(({ name }) => ({ called: name })),
  undated: z.object({ name: z.string(), at: z.date().optional() }).transform(({ name }) => name),
  record: z.record(z.string(), z.string()).transform(() => 1),
  either: z.union([z.object({ name: z.string() }), z.object({ other: z.string() })]).transform(() => 1),
}

async function warnings(
  mode: string,
  schema: z.ZodType | (typeof schemas)[keyof typeof schemas],
  id: string,
  args: object,
) {
  vi.stubEnv('NODE_ENV', mode)
  const d = defineState(id, () => ({ n: 0 })).events((on) => ({ invite: on(schema as z.ZodType, () => {}) }))
  const { open, done, log } = testHub([d])
  const tab = await open()
  const { invite } = await tab.watch(d)
  for (const _ of [1, 2]) await done(invite(args))
  return log.lines
    .filter((line) => JSON.stringify(line).includes('does not declare'))
    .map((line) => JSON.stringify(line))
}

it.each(Object.entries(schemas))(
  'a schema by %s: the field is named, once, and so are those that there are',
  async (name, schema) => {
    const lines = await warnings('development', schema, `named-${name}`, { name: 'Ada', nick: 'Countess' })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(
      JSON.stringify(`"invite" of state "named-${name}" was called with the field "nick"`).slice(1, -1),
    )
    expect(lines[0]).toMatch(/Declared fields: \\"name\\"/)
    expect(lines[0]).not.toContain('Countess')
  },
)

it.each(Object.entries(takesAll))(
  'nothing is said where a schema takes, renames or does not say its fields: %s',
  async (name, schema) => {
    expect(await warnings('development', schema, `quiet-${name}`, { name: 'Ada' })).toEqual([])
  },
)

it('nothing is said of fields that a schema knows, or in production', async () => {
  expect(await warnings('development', text, 'quiet', { name: 'Ada', due: undefined })).toEqual([])
  expect(await warnings('production', text, 'shipped', { name: 'Ada', nick: 'Countess' })).toEqual([])
})
