/** The result of a task, by what its function returns. Nothing of it runs. */
import { z } from 'zod'
import { type ClientView, defineState, reply, type TaskCopy } from '../doors/authors.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const d = defineState('results', () => ({ n: 0 }))
  .events((on) => ({ note: on((s, by: number) => void (s.n += by)) }))
  .tasks((background, { note }) => ({
    nothing: background(async ({ update }) => void (await update((s) => s.n))),
    trigger: background(async () => note(1)),
    rows: background(async (_self, file: string) => reply({ rows: [file], at: new Date() })),
    schema: background({ input: z.object({ name: z.string() }) }, async (_self, { name }) => reply(name)),
    options: background({ durable: true }, async (_self, n: number) => reply(n)),
    steps: background(async function* () {
      yield note(1)
      return reply('done')
    }),
    withTriggers: background(async () => [reply(5), note(1)]),
    perhaps: background(async ({ attempt }) => (attempt > 1 ? reply('x') : undefined)),
    // @ts-expect-error a plain value is no reply: what leaves the server is said
    bare: background(async () => ({ id: 1 })),
    // @ts-expect-error nor what an update gives
    ofUpdate: background(({ update }) => update((s) => s.n)),
    // @ts-expect-error a reply is returned: a yield shows, or starts triggers
    yielded: background(async function* () {
      yield reply(1)
    }),
  }))

type View = ClientView<typeof d>
type Ends<T extends keyof View> = View[T] extends { run: (...args: never[]) => Promise<infer R> } ? R : never
same<Ends<'nothing'>['result'], void>(true)
same<Ends<'trigger'>['result'], void>(true)
same<Ends<'rows'>['result'], { rows: string[]; at: Date }>(true)
same<Ends<'options'>['result'], number>(true)
same<Ends<'steps'>['result'], string>(true)
same<Ends<'withTriggers'>['result'], number>(true)
same<Ends<'perhaps'>['result'], string | undefined>(true)
same<Parameters<View['rows']['run']>, [file: string]>(true)
same<Awaited<ReturnType<View['nothing']['start']>>['run'], string>(true)
same<View['rows']['runs'], readonly TaskCopy[]>(true)

export async function uses({ nothing, rows, schema, steps }: View, form: FormData) {
  const { run, result } = await rows.run('a.csv')
  same<typeof run, string>(true)
  same<typeof result, { rows: string[]; at: Date }>(true)
  result.rows.push('b.csv') // it is the caller's own
  // @ts-expect-error what is shown is everybody's
  rows.result?.rows.push('b.csv')
  // @ts-expect-error there is none before the first has ended
  rows.result.rows
  const waited = await rows.wait(run)
  same<typeof waited.result, { rows: string[]; at: Date }>(true)
  await rows.cancel(run)
  await rows.cancel()
  // @ts-expect-error a run is named by its id
  await rows.cancel(rows.runs[0])
  // @ts-expect-error the end of which run?
  await rows.wait()
  // @ts-expect-error it takes the name of a file
  await rows.run()
  const ofForm = await schema.run(form)
  same<typeof ofForm.result, string>(true)
  // @ts-expect-error it has no result
  ;(await nothing.run()).result.rows
  const { result: word } = await steps.wait((await steps.start()).run)
  same<typeof word, string>(true)
}

defineState('bound', () => ({ n: 0 }))
  .tasks((background) => ({
    plain: background(async () => {}),
    named: background(async (_self, name: string, size?: number) => void (name.length + (size ?? 0))),
    rest: background(async (_self, ...names: string[]) => void names),
  }))
  .events((on) => ({ note: on((s) => void (s.n += 1)) }))
  .tasks((background, { plain, named, rest, note }) => ({
    starts: background(async function* (self) {
      yield [plain({ with: self }), named('a', 1, { with: self }), named('a', undefined, { with: self })]
      yield [rest('a', 'b', { with: self }), plain(), named('a'), rest()]
      // @ts-expect-error a run is cancelled with a task, and no name of one will do
      yield plain({ with: self.run })
      // @ts-expect-error an event holds the lock until it ends: there is nothing to cancel
      yield note({ with: self })
      // @ts-expect-error the arguments come first
      yield named({ with: self })
      // @ts-expect-error nothing else can be said of a start
      yield plain({ with: self, after: 5 })
    }),
  }))

/** A click cancels all copies, and a form starts a task. */
export const click: (event: MouseEvent) => void = (null as unknown as View).rows.cancel
export const action: (form: FormData) => void | Promise<void> = (null as unknown as View).schema.start
