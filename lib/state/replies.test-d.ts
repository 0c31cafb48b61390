/** What a call resolves with, by what its handler returns. Nothing of it runs. */
import { z } from 'zod'
import { type ClientView, defineState, reply } from '../doors/authors.js'
import { useServerForm } from '../react/use-server-form.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const other = defineState('other', () => ({ n: 0 })).events((on) => ({
  count: on((s, by: number) => void (s.n += by)),
}))
const { count } = other.triggers

const d = defineState('replies', () => ({ n: 0, words: [] as string[] })).events((on) => ({
  nothing: on((s) => void (s.n += 1)),
  trigger: on(() => count(1)),
  plain: on((_s, name: string) => reply({ id: 1, name })),
  later: on(async (s) => reply(s.words)),
  steps: on(function* () {
    yield
    yield count(1)
    return reply(new Date())
  }),
  laterSteps: on(async function* () {
    yield
    return reply('done')
  }),
  withTriggers: on(() => [reply(5), count(1), count(2)]),
  perhaps: on((s) => (s.n > 1 ? reply('x') : undefined)),
  either: on((s) => (s.n > 1 ? reply('x') : reply(1))),
  orTrigger: on((s) => (s.n > 1 ? reply('x') : count(1))),
  schema: on(z.object({ name: z.string() }), (_s, { name }) => reply(name)),
  options: on({ input: z.string(), timeout: '2s' }, async (_s, name) => reply({ name })),
  timed: on({ timeout: '2s' }, (_s, n: number) => reply(n)),
  hope: on({ optimistic: true }, (s, n: number) => {
    s.n = n
    return reply(n)
  }),
  doubt: on({ optimistic: (s, n: number) => void (s.n = n) }, async (_s, n: number) => reply(n)),
  // @ts-expect-error a plain value is no reply
  bare: on(() => ({ id: 1 })),
  // @ts-expect-error nor the function that makes one
  maker: on(() => reply),
  // @ts-expect-error a reply is returned: a yield shows, or starts triggers
  yielded: on(function* () {
    yield reply(1)
  }),
  // @ts-expect-error a list holds triggers and a reply
  mixed: on(() => [reply(1), 5]),
}))
type View = ClientView<typeof d>
type Result<E extends keyof View> = View[E] extends (...args: never[]) => infer R ? R : never
same<Result<'nothing'>, Promise<void>>(true)
same<Result<'trigger'>, Promise<void>>(true)
same<Result<'plain'>, Promise<{ id: number; name: string }>>(true)
same<Parameters<View['plain']>, [name: string]>(true)
same<Result<'later'>, Promise<string[]>>(true)
same<Result<'steps'>, Promise<Date>>(true)
same<Result<'laterSteps'>, Promise<string>>(true)
same<Result<'withTriggers'>, Promise<number>>(true)
same<Result<'perhaps'>, Promise<string | undefined>>(true)
same<Result<'either'>, Promise<string | number>>(true)
same<Result<'orTrigger'>, Promise<string | undefined>>(true)
same<Result<'options'>, Promise<{ name: string }>>(true)
same<Result<'timed'>, Promise<number>>(true)
same<Result<'hope'>, Promise<number>>(true)
same<Result<'doubt'>, Promise<number>>(true)

export async function calls(view: View, form: FormData) {
  const { id } = await view.plain('tea')
  same<typeof id, number>(true)
  const name = await view.schema({ name: 'x' })
  same<typeof name, string>(true)
  const ofForm = await view.schema(form)
  same<typeof ofForm, string>(true)
  // @ts-expect-error it replies with no such field
  ;(await view.plain('tea')).text
  // @ts-expect-error it replies with nothing
  const { n } = await view.nothing()
  return n
}

/** A form takes an event that replies, as its action and with field errors. */
export const action: (form: FormData) => void | Promise<void> = (null as unknown as View).schema
export const formOf = (view: View) => useServerForm(view.schema).field('name')
