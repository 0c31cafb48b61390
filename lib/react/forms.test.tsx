// @vitest-environment happy-dom
/** Events as actions of forms: the fields arrive as an object, and what is refused is a rejection. */
import { Component, type ReactNode, useActionState } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const received: unknown[] = []
const guest = z.object({ name: z.string().min(1, 'Say your name.'), age: z.coerce.number() })
const d = defineState('d', () => ({ names: [] as string[], ages: [] as number[] }))
  .tasks((background) => ({
    mail: background({ input: z.object({ to: z.string() }) }, async (_self, { to }) => void received.push(to)),
  }))
  .events((on) => ({
    invite: on(guest, (s, { name, age }) => {
      s.names.push(name)
      s.ages.push(age)
    }),
    clear: on((s) => void (s.names = [])),
    takes: on((_s, ...args: unknown[]) => void received.push(structuredClone(args))),
  }))

beforeEach(() => {
  received.length = 0
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

async function shown(Page: () => ReactNode) {
  const page = openPage([d])
  const root = await page.show(<Page />)
  await page.live()
  return { ...page, root, names: () => page.tab.state(d).names }
}

it('an event is the action of a form, and resets it when its effect is shown', async () => {
  const { click, names, tab, text } = await shown(() => {
    const { invite, names } = useServerState(d)
    return (
      <form action={invite}>
        <input name="name" defaultValue="Ada" />
        <input name="age" defaultValue="36" />
        <button type="submit">{names.join()}</button>
      </form>
    )
  })
  await click('button')
  expect(names()).toEqual(['Ada'])
  expect(tab.state(d).ages).toEqual([36])
  expect(text()).toBe('Ada')
})

it('an event without arguments, the start of a task, and a form of repeated names are such actions, too', async () => {
  const { click } = await shown(() => {
    const { clear, mail, takes } = useServerState(d)
    return (
      <>
        <form action={clear}>
          <button type="submit" id="clear" />
        </form>
        <form action={mail.start}>
          <input name="to" defaultValue="Ada" />
          <button type="submit" id="mail" />
        </form>
        <form action={takes}>
          <input type="checkbox" name="days" value="mon" defaultChecked />
          <input type="checkbox" name="days" value="tue" defaultChecked />
          <input type="checkbox" name="days" value="wed" />
          <button type="submit" id="takes" />
        </form>
      </>
    )
  })
  for (const id of ['clear', 'mail', 'takes']) await click(`#${id}`)
  expect(received).toEqual(['Ada', [{ days: ['mon', 'tue'] }]])
})

it('a button has an action of its own', async () => {
  const { click, names } = await shown(() => {
    const { invite, clear } = useServerState(d)
    return (
      <form action={clear}>
        <input name="name" defaultValue="Ada" />
        <input name="age" defaultValue="36" />
        <button type="submit" formAction={invite} />
      </form>
    )
  })
  await click('button')
  expect(names()).toEqual(['Ada'])
})

it('a state of the form shows what was wrong', async () => {
  const { click, text, names } = await shown(() => {
    const { invite } = useServerState(d)
    const [failure, submit] = useActionState(
      (_before: string, form: FormData) =>
        invite(form).then(
          () => '',
          (error: Error) => error.message,
        ),
      '',
    )
    return (
      <form action={submit}>
        <input name="name" defaultValue="" />
        <input name="age" defaultValue="36" />
        <button type="submit">{failure}</button>
      </form>
    )
  })
  await click('button')
  expect(text()).toContain('Say your name.')
  expect(names()).toEqual([])
})

it('a refusal that nobody catches comes to the nearest boundary, as of any action', async () => {
  class Boundary extends Component<{ children: ReactNode }, { failed: string }> {
    override state = { failed: '' }
    static getDerivedStateFromError = (error: Error & { code?: string }) => ({
      failed: `${error.code} ${error.message}`,
    })
    override render = () => (this.state.failed ? this.state.failed : this.props.children)
  }
  const Form = () => {
    const { takes } = useServerState(d)
    const send = () => {
      const form = new FormData()
      form.set('photo', new File(['x'], 'cat.png'))
      return takes(form)
    }
    return (
      <form action={send}>
        <button type="submit" />
      </form>
    )
  }
  const { click, text } = await shown(() => (
    <Boundary>
      <Form />
    </Boundary>
  ))
  await click('button')
  expect(text()).toMatch(/^invalid-value .*arguments\[0\]\.photo.*"cat\.png"/)
})
