/** What `useServerForm` takes and gives. Nothing of it runs. */
import { type FormHTMLAttributes, type JSX, useActionState } from 'react'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { type FieldProps, type ServerForm, useServerForm, useServerState } from '../doors/react.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({ mail: background(async (_self, _to: { address: string }) => {}) }))
  .events((on) => ({
    invite: on(z.object({ name: z.string(), age: z.coerce.number(), news: z.literal('on').optional() }), () => {}),
    either: on((_s, _form: { kind: 'a'; one: string } | { kind: 'b'; two: string }) => {}),
    maybe: on((_s, _form?: { text: string }) => {}),
    any: on((_s, _form: unknown) => {}),
    record: on((_s, _form: Record<string, string | string[]>) => {}),
    none: on(() => {}),
    count: on((_s, _form: { n: number }) => {}),
    text: on((_s, _text: string) => {}),
    two: on((_s, _id: string, _form: { text: string }) => {}),
  }))
const c = useServerState(d)

const form = useServerForm(c.invite)
same<typeof form, ServerForm<'name' | 'age' | 'news'>>(true)
const name = form.field('name')
same<typeof name, FieldProps<'name' | 'age' | 'news'>>(true)
void (form.action satisfies FormHTMLAttributes<HTMLFormElement>['action'])
void (form.field('age') satisfies JSX.IntrinsicElements['input'])
void (form.field('age') satisfies JSX.IntrinsicElements['textarea'])
void (form.field('age') satisfies JSX.IntrinsicElements['select'])
void (form.field('news', 'on') satisfies JSX.IntrinsicElements['input'])
same<typeof form.errors.name, string | undefined>(true)
same<typeof form.errors.root, string | undefined>(true)
same<typeof form.pending, boolean>(true)
same<typeof form.done, boolean>(true)
void form.errorId('root')
// @ts-expect-error a field that the event does not take
void form.field('nick')
// @ts-expect-error nor does it have errors
void form.errors.nick
// @ts-expect-error nor a message
void form.errorId('nick')
// @ts-expect-error the form as a whole is no field
void form.field('root')
// @ts-expect-error errors are read
form.errors.name = 'x'

void useServerForm(c.invite, { defaultValues: { name: 'Ada', age: 36 } })
// @ts-expect-error a field that the event does not take starts with nothing
void useServerForm(c.invite, { defaultValues: { nick: 'Ada' } })
// @ts-expect-error nor does a field start with a function
void useServerForm(c.invite, { defaultValues: { name: () => 'Ada' } })

const [state, action, isPending] = useActionState(form.submit, form.state)
same<typeof state, typeof form.state>(true)
same<typeof isPending, boolean>(true)
void (action satisfies FormHTMLAttributes<HTMLFormElement>['action'])

const either = useServerForm(c.either)
void [either.field('kind'), either.field('one'), either.field('two')]
// @ts-expect-error a field of neither
void either.field('three')
void useServerForm(c.maybe).field('text')
// @ts-expect-error a field of no optional argument
void useServerForm(c.maybe).field('length')
void useServerForm(c.any).field('whatever')
void useServerForm(c.record).field('whatever')
void useServerForm(c.mail.start).field('address')
// @ts-expect-error an event that takes nothing has no fields
void useServerForm(c.none)
// @ts-expect-error a field of a form is a text, not a number: z.coerce.number() takes one
void useServerForm(c.count)
// @ts-expect-error a form is no text
void useServerForm(c.text)
// @ts-expect-error and it is one argument
void useServerForm(c.two)
// @ts-expect-error a task is started by its `start`
void useServerForm(c.mail)
// @ts-expect-error an event, not its name
void useServerForm('invite')
