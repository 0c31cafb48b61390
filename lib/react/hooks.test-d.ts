/** What the hooks return. Nothing of it runs. */
import type { FormHTMLAttributes, MouseEventHandler } from 'react'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { type ClientView, type TaskHandle, useConnection, useServerState } from '../doors/react.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const d = defineState('d', () => ({
  n: 0,
  rows: [{ name: 'a' }],
  byId: new Map<string, { n: number }>(),
  due: new Date(),
  tags: new Set<string>(),
  deep: [{ byId: new Map<string, Set<number[]>>(), at: null as Date | null }],
}))
  .private(() => ({ secret: 'x' }))
  .computed({ first: (s) => s.rows[0], found: (s) => new Map([['tags', new Set(s.tags)]]) })
  .tasks((background) => ({
    work: background(async (_self, page: number) => void page),
    plain: background(async () => {}),
  }))
  .events((on) => ({
    reset: on((s) => void (s.n = 0)),
    add: on((s, by: number = 1) => void (s.n += by)),
    check: on(z.string(), (s, text) => void (s.n = text.length)),
  }))

const c = useServerState(d)
same<typeof c, ClientView<typeof d>>(true)
same<typeof c.n, number>(true)
// @ts-expect-error a private field is not part of the tab
void c.secret
// @ts-expect-error what is shown is read-only
c.n = 1
// @ts-expect-error however deep
if (c.first) c.first.name = 'x'
// @ts-expect-error lists have no mutators
c.rows.sort()
// @ts-expect-error nor do Maps
c.byId.clear()
// @ts-expect-error what is in one is read-only, too
for (const item of c.byId.values()) item.n = 1
// @ts-expect-error nor do Sets
c.tags.add('x')
same<typeof c.byId, ReadonlyMap<string, { readonly n: number }>>(true)
same<typeof c.tags, ReadonlySet<string>>(true)
same<typeof c.found, ReadonlyMap<string, ReadonlySet<string>>>(true)
same<NonNullable<(typeof c.deep)[0]>['byId'], ReadonlyMap<string, ReadonlySet<readonly number[]>>>(true)
same<NonNullable<(typeof c.deep)[0]>['at'], Date | null>(true)
same<typeof c.due, Date>(true)
c.due.setDate(1) // the compiler knows one kind of Date; in development, this is refused
// @ts-expect-error event functions are given, not replaced
c.reset = async () => {}

same<ReturnType<typeof c.reset>, Promise<void>>(true)
void (c.reset satisfies MouseEventHandler)
void (c.plain.start satisfies MouseEventHandler)
void (c.plain.cancel satisfies MouseEventHandler)
// @ts-expect-error an event with an argument of its own is no handler of clicks
void (c.add satisfies MouseEventHandler)
// @ts-expect-error nor one with a schema
void (c.check satisfies MouseEventHandler)
// @ts-expect-error nor the start of a task that takes something
void (c.work.start satisfies MouseEventHandler)

same<typeof c.work, TaskHandle<[page: number]>>(true)
same<typeof c.work.running, number>(true)
same<typeof c.work.waiting, number>(true)
same<typeof c.work.start.pending, boolean>(true)
same<typeof c.work.cancel.pending, boolean>(true)
same<typeof c.work.progress, number | null>(true)
same<typeof c.work.note, string | null>(true)
same<typeof c.work.error, { readonly code: string; readonly message: string } | null>(true)
same<ReturnType<typeof c.work.cancel>, Promise<void>>(true)
void c.work.start(1)
// @ts-expect-error a missing argument
void c.work.start()
// @ts-expect-error a cancel takes none: it means every running copy
void c.work.cancel(1)
// @ts-expect-error a status is read
c.work.running = 0

// @ts-expect-error whether a start waits is read
c.work.start.pending = true

same<typeof c.add.pending, boolean>(true)
// @ts-expect-error whether a call waits is read
c.add.pending = true

const selected = useServerState(d, (s) => s.rows.length > 3)
same<typeof selected, boolean>(true)
const handle = useServerState(d, ({ work }) => work)
same<typeof handle, TaskHandle<[page: number]>>(true)
// @ts-expect-error a selector sees what the tab sees
void useServerState(d, (s) => s.secret)
// @ts-expect-error and changes nothing
void useServerState(d, (s) => (s.n = 1))
// @ts-expect-error a definition, not its id
void useServerState('d')

const forms = defineState('forms', () => ({ n: 0 }))
  .tasks((background) => ({ mail: background(async (_self, _to: { address: string }) => {}) }))
  .events((on) => ({
    submit: on(z.object({ text: z.string(), age: z.coerce.number(), day: z.enum(['mon', 'tue']) }), () => {}),
    some: on((_s, _form: { tags?: string | string[]; note?: string | null }) => {}),
    maybe: on((_s, _form?: { text: string }) => {}),
    any: on((_s, _form: unknown) => {}),
    none: on(() => {}),
    record: on((_s, _form: Record<string, string | string[]>) => {}),
    count: on((_s, _form: { n: number }) => {}),
    text: on((_s, _text: string) => {}),
    list: on((_s, _texts: string[]) => {}),
    two: on((_s, _id: string, _form: { text: string }) => {}),
  }))
type Action = NonNullable<FormHTMLAttributes<HTMLFormElement>['action']>
const f = useServerState(forms)
void (f.submit satisfies Action)
void (f.some satisfies Action)
void (f.maybe satisfies Action)
void (f.any satisfies Action)
void (f.none satisfies Action)
void (f.record satisfies Action)
void (f.mail.start satisfies Action)
void f.submit(new FormData())
void f.submit({ text: 'x', age: '3', day: 'mon' })
void f.mail.start({ address: 'x' })
// @ts-expect-error a field of a form is a text, not a number
void (f.count satisfies Action)
// @ts-expect-error nor is a form a text
void (f.text satisfies Action)
// @ts-expect-error or a list
void (f.list satisfies Action)
// @ts-expect-error and it is one argument
void (f.two satisfies Action)
// @ts-expect-error a form is sent where an object is taken
void f.text(new FormData())
// @ts-expect-error a missing field
void f.submit({ text: 'x' })
// @ts-expect-error an event with a form is no handler of clicks
void (f.submit satisfies MouseEventHandler)
same<Parameters<typeof f.record>, [_form: Record<string, string | string[]>]>(true)

const { status } = useConnection()
same<typeof status, 'connecting' | 'live' | 'reconnecting' | 'offline'>(true)
