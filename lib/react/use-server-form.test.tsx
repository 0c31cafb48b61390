// @vitest-environment happy-dom
/** Forms: messages by field, what is typed stays where it was refused, and one call each. */
import { type FunctionComponent, StrictMode, useActionState } from 'react'
import { useFormStatus } from 'react-dom'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineState, Refusal } from '../doors/authors.js'
import { HeldStateError, type ServerForm, useServerForm, useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const guest = z.strictObject({
  name: z.string().min(2, 'Say your name.').regex(/^\D*$/, 'A name has no digits.'),
  age: z.coerce.number('Say a number.').min(0, 'Nobody is younger than 0.'),
  plan: z.enum(['small', 'large']).optional(),
  news: z.literal('on').optional(),
  days: z.union([z.string(), z.array(z.enum(['mon', 'tue']))]).optional(),
})
const refused = { always: false, name: false }
let wait = Promise.resolve()
const d = defineState('d', () => ({ names: [] as string[], plan: 'small' as 'small' | 'large' }))
  .tasks((background) => ({
    mail: background({ input: z.object({ to: z.email('No address.') }) }, async () => {}),
  }))
  .events((on) => ({
    invite: on(guest, async (s, { name, plan = s.plan }) => {
      await wait
      const issues = [{ path: ['name'], message: 'Taken.' }]
      if (refused.name) throw new HeldStateError('invalid-arguments', 'taken', { issues })
      if (refused.always) throw new Refusal('All seats are taken.')
      Object.assign(s, { names: [...s.names, name], plan })
    }),
    match: on(
      z.object({ one: z.string(), two: z.string() }).refine(({ one, two }) => one === two, 'They differ.'),
      (s, { one }) => void s.names.push(one),
    ),
    checks: on((_s, { name }: { name: string }) => {
      throw new HeldStateError('invalid-arguments', 'taken', {
        issues: [{ path: ['name'], message: `${name} is taken.` }],
      })
    }),
    strange: on(
      z.object({ constructor: z.string().min(1, 'Say it.'), 'two words': z.string().min(1, 'Both.') }),
      () => {},
    ),
    deep: on((_s, _input: { name?: string; other?: string }) => {
      const issues = [
        { path: ['other', 0, 'street'], message: 'No street.' },
        { path: ['name'], message: 'Too short.' },
      ]
      throw new HeldStateError('invalid-arguments', 'both', { issues })
    }),
    now: on({ input: z.object({ name: z.string() }), whenOffline: 'reject' }, (s, { name }) => void s.names.push(name)),
  }))

let complaints: unknown[][] = []

beforeEach(() => {
  Object.assign(refused, { always: false, name: false })
  wait = Promise.resolve()
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...given) => void complaints.push(given))
  asBrowsersReset()
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

/** The simulated document resets first and says so after it; in a browser, a listener can keep a form from being reset. */
function asBrowsersReset() {
  const { prototype } = HTMLFormElement
  const { reset } = prototype
  vi.spyOn(prototype, 'reset').mockImplementation(function (this: HTMLFormElement) {
    if (!this.dispatchEvent(new Event('reset', { bubbles: true, cancelable: true }))) return
    const silent = vi.spyOn(this, 'dispatchEvent').mockReturnValue(true)
    reset.call(this)
    silent.mockRestore()
  })
}

function held() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Renders `Page`, whose form is the one that `seen` has had last. */
async function shown(Page: FunctionComponent) {
  const page = openPage([d])
  const root = await page.show(<Page />)
  await page.live()
  const find = <E extends Element = HTMLInputElement>(selector: string) =>
    page.container.querySelector<E>(selector) as E
  const type = async (values: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(values)) {
      const input = find(`[name="${name}"]`)
      input.value = value
      input.dispatchEvent(new Event('input', { bubbles: true }))
    }
  }
  return { ...page, root, find, type, names: () => page.tab.state(d).names }
}

let form: ServerForm<string>

function Guests({ values }: { values?: { age: number } }) {
  const { invite, plan } = useServerState(d)
  const guests = useServerForm(invite, { defaultValues: { plan, ...values } })
  form = guests as unknown as ServerForm<string>
  const { errors, field, errorId } = guests
  return (
    <form action={guests.action}>
      <label htmlFor={field('name').id}>Name</label>
      <input {...field('name')} />
      <i id={errorId('name')}>{errors.name}</i>
      <input type="number" {...field('age')} />
      <i>{errors.age}</i>
      <select {...field('plan')}>
        <option value="small" />
        <option value="large" />
      </select>
      <input type="checkbox" {...field('news', 'on')} />
      <input type="checkbox" {...field('days', 'mon')} />
      <input type="checkbox" {...field('days', 'tue')} />
      <i>{errors.days}</i>
      <b>{errors.root}</b>
      <button type="submit">{String(guests.pending)}</button>
      <button type="reset" />
    </form>
  )
}

const [submit, reset] = ['[type=submit]', '[type=reset]']

it('a call that takes effect resets the form, and says so', async () => {
  const { type, click, find, names } = await shown(Guests)
  expect([form.done, form.error, { ...form.errors }]).toEqual([false, undefined, {}])
  await type({ name: 'Ada', age: '36' })
  await click(submit)
  expect(names()).toEqual(['Ada'])
  expect([form.done, form.pending, form.error, form.values]).toEqual([true, false, undefined, undefined])
  expect([find('[name=name]').value, find('[name=age]').value]).toEqual(['', ''])
})

it('a refusal is at its fields, and everything typed stays', async () => {
  const { type, click, find, names } = await shown(Guests)
  await type({ name: '1', age: '-1' })
  find<HTMLSelectElement>('select').value = 'large'
  for (const box of ['[value=on]', '[value=tue]']) find(box).checked = true
  await click(submit)
  expect({ ...form.errors }).toEqual({
    name: 'Say your name.\nA name has no digits.',
    age: 'Nobody is younger than 0.',
  })
  expect(form.error).toMatchObject({ code: 'invalid-arguments', issues: expect.any(Array) })
  expect([form.done, names()]).toEqual([false, []])
  const at = (selector: string) => {
    const { value, checked } = find(selector)
    return checked ?? value
  }
  expect([find('[name=name]').value, find('[name=age]').value, find('select').value]).toEqual(['1', '-1', 'large'])
  expect(['[value=on]', '[value=mon]', '[value=tue]'].map(at)).toEqual([true, false, true])
  expect(form.values).toEqual({ name: '1', age: '-1', plan: 'large', news: 'on', days: 'tue' })
  expect([form.field('name').defaultValue, form.field('days', 'tue').defaultChecked]).toEqual(['1', true])
  expect(complaints).toEqual([])
})

it('what was typed stays in an input that takes no ref, as of a component that hands none on', async () => {
  const { type, click, find } = await shown(() => {
    const { action, field, errors } = useServerForm(useServerState(d).invite)
    const { ref: _, ...name } = field('name')
    return (
      <form action={action}>
        <input {...name} />
        <i>{errors.name}</i>
        <button type="submit" />
      </form>
    )
  })
  await type({ name: 'A' })
  await click('button')
  expect([find('i').textContent, find('input').value]).toEqual(['Say your name.', 'A'])
})

it('a field that was refused is invalid, and described by its message', async () => {
  const { type, click, find } = await shown(Guests)
  const name = find('[name=name]')
  expect(find<HTMLLabelElement>('label').htmlFor).toBe(name.id)
  expect([name.getAttribute('aria-invalid'), name.getAttribute('aria-describedby')]).toEqual([null, null])
  await type({ name: 'A', age: '1' })
  await click(submit)
  expect(name.getAttribute('aria-invalid')).toBe('true')
  expect(document.getElementById(name.getAttribute('aria-describedby') ?? '')?.textContent).toBe('Say your name.')
  expect(find('[name=age]').getAttribute('aria-invalid')).toBeNull()
  await type({ name: 'Ada' })
  await click(submit)
  expect([name.getAttribute('aria-invalid'), name.getAttribute('aria-describedby')]).toEqual([null, null])
  expect({ ...form.errors }).toEqual({})
  expect(name.value).toBe('')
})

it('the first field that is wrong gets the focus, unless somebody is busy elsewhere', async () => {
  const { type, click, find, acting, clock } = await shown(Guests)
  await type({ name: 'Ada', age: '-1' })
  find(submit).focus()
  await click(submit)
  expect(document.activeElement).toBe(find('[name=age]'))

  const elsewhere = document.createElement('input')
  document.body.append(elsewhere)
  elsewhere.focus()
  await click(submit)
  expect(document.activeElement).toBe(elsewhere)

  const { promise, resolve } = held()
  wait = promise
  refused.name = true
  await type({ name: 'Ada', age: '1' })
  find(submit).focus()
  await click(submit)
  find('select').focus()
  await type({ name: 'Bob' })
  resolve()
  await acting(() => clock.settle())
  expect(find('[name=name]').getAttribute('aria-invalid')).toBe('true')
  expect(document.activeElement).toBe(find('select'))
})

it('what starts with a value comes back to it, a select as well, also where it has changed meanwhile', async () => {
  const { type, click, find } = await shown(() => <Guests values={{ age: 18 }} />)
  expect([find('[name=age]').value, find('select').value]).toEqual(['18', 'small'])
  await type({ name: 'Ada', age: '-1' })
  await click(submit)
  expect(find('[name=age]').value).toBe('-1')
  await type({ age: '36' })
  find<HTMLSelectElement>('select').value = 'large'
  await click(submit)
  expect(form.done).toBe(true)
  expect([find('[name=age]').value, find('select').value], 'the event has made it the plan').toEqual(['18', 'large'])
})

it('what is typed while a call is under way stays, whatever its end', async () => {
  const { type, click, find, names } = await shown(Guests)
  for (const [age, end] of [
    ['36', true],
    ['-1', false],
  ] as const) {
    const { promise, resolve } = held()
    wait = promise
    await type({ name: 'Ada', age })
    const clicked = click(submit)
    await type({ name: 'Ada and Bob' })
    resolve()
    await clicked
    expect([form.done, find('[name=name]').value]).toEqual([end, 'Ada and Bob'])
  }
  expect(names()).toEqual(['Ada'])
})

it('two submits make one call, and the form is pending until it has settled', async () => {
  const { type, click, find, names, acting, clock } = await shown(Guests)
  const { promise, resolve } = held()
  wait = promise
  await type({ name: 'Ada', age: '36' })
  await acting(async () => find<HTMLButtonElement>(submit).click())
  expect([form.pending, find(submit).textContent]).toEqual([true, 'true'])
  await acting(async () => find<HTMLButtonElement>(submit).click())
  resolve()
  await acting(() => clock.settle())
  expect([form.pending, form.done, names()]).toEqual([false, true, ['Ada']])
  expect(find('[name=name]').value).toBe('')
  await type({ name: 'Bob', age: '1' })
  await click(submit)
  expect(names()).toEqual(['Ada', 'Bob'])
})

it('the status of the form is pending, too', async () => {
  const Button = () => <button type="submit">{String(useFormStatus().pending)}</button>
  const { find, type, text, acting, clock } = await shown(() => {
    const { action, field } = useServerForm(useServerState(d).invite)
    return (
      <form action={action}>
        <input {...field('name')} />
        <input {...field('age')} />
        <Button />
      </form>
    )
  })
  const { promise, resolve } = held()
  wait = promise
  await type({ name: 'Ada', age: '1' })
  await acting(async () => find<HTMLButtonElement>('button').click())
  expect(text()).toBe('true')
  resolve()
  await acting(() => clock.settle())
  expect(text()).toBe('false')
})

it('a person who resets the form takes back the messages and what was typed', async () => {
  const { type, click, find } = await shown(Guests)
  await type({ name: 'A', age: '-1' })
  await click(submit)
  expect(form.errors.name).toBe('Say your name.')
  await click(reset)
  expect([{ ...form.errors }, form.error, form.values]).toEqual([{}, undefined, undefined])
  expect([find('[name=name]').value, find('[name=age]').value]).toEqual(['', ''])
})

describe('what no field shows is said of the form as a whole', () => {
  const failing = async (use: () => ServerForm<never>, fields: Record<string, string | File>) => {
    const page = await shown(() => {
      form = use() as unknown as ServerForm<string>
      return (
        <form action={form.action}>
          <i>{form.errors.name}</i>
          <b>{form.errors.root}</b>
          <button type="submit" />
        </form>
      )
    })
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.set(name, value)
    await page.done(() => form.action(data))
    return page
  }
  const the = <const Name extends 'invite' | 'match' | 'checks' | 'deep' | 'now' | 'strange'>(name: Name) =>
    function useTheForm() {
      return useServerForm(useServerState(d)[name] as never) as ServerForm<never>
    }

  it('an issue of the whole', async () => {
    await failing(the('match'), { one: 'a', two: 'b' })
    expect({ ...form.errors }).toEqual({ root: 'They differ.' })
  })

  it('a field that the schema does not know, by its name', async () => {
    await failing(the('invite'), { name: 'Ada', age: '1', nick: 'Countess' })
    expect({ ...form.errors }).toEqual({ root: 'Unrecognized key: "nick"' })
    expect(form.error?.code).toBe('invalid-arguments')
    expect(form.values).toMatchObject({ nick: 'Countess' })
  })

  it('a field that nobody shows, with its path, also where somebody lists all errors', async () => {
    const { done } = await failing(the('deep'), {})
    const all = { name: 'Too short.', other: 'No street.', root: 'other.0.street: No street.' }
    expect({ ...form.errors }).toEqual(all)
    await done(() => form.action(new FormData()))
    expect({ ...form.errors }).toEqual(all)
  })

  it('words for visitors', async () => {
    refused.always = true
    await failing(the('invite'), { name: 'Ada', age: '36' })
    expect([{ ...form.errors }, form.error?.code]).toEqual([{ root: 'All seats are taken.' }, 'handler-failed'])
    expect(form.values).toEqual({ name: 'Ada', age: '36' })
  })

  it('but what a handler says of a field is at that field', async () => {
    await failing(the('checks'), { name: 'Ada' })
    expect({ ...form.errors }).toEqual({ name: 'Ada is taken.' })
  })

  it('a file, at its field and by name', async () => {
    await failing(the('invite'), { name: 'Ada', photo: new File(['x'], 'cat.png') })
    expect(form.error?.code).toBe('invalid-value')
    expect(form.errors.photo).toContain('arguments[0].photo')
    expect(form.errors.root).toContain('photo')
    expect(form.values).toEqual({ name: 'Ada' })
  })

  it('names of a prototype are names like others', async () => {
    await failing(the('strange'), { constructor: '', 'two words': '' })
    expect([form.errors.constructor, form.errors.toString, form.values?.toString]).toEqual([
      'Say it.',
      undefined,
      undefined,
    ])
    expect(form.field('valueOf').defaultValue).toBeUndefined()
    expect(form.field('two words')['aria-describedby']).not.toContain(' ')
  })
})

it('in development, the console has what no component shows', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  for (const [mode, show, said] of [
    ['development', false, [['heldstate: A form was rejected, and no component shows its errors.root: They differ.']]],
    ['development', true, []],
    ['production', false, []],
  ] as const) {
    warn.mockClear()
    const { done } = await shown(() => {
      const match = useServerForm(useServerState(d).match)
      form = match as unknown as ServerForm<string>
      return <form action={match.action}>{show && match.errors.root}</form>
    })
    vi.stubEnv('NODE_ENV', mode)
    const data = new FormData()
    for (const name of ['one', 'two']) data.set(name, name)
    await done(() => form.action(data))
    vi.unstubAllEnvs()
    expect(form.error?.code).toBe('invalid-arguments')
    expect(warn.mock.calls).toEqual(said)
  }
})

it('a call that does not wait for a connection says so by name, and loses nothing', async () => {
  const Page = () => {
    const now = useServerForm(useServerState(d).now)
    form = now as unknown as ServerForm<string>
    return (
      <form action={now.action}>
        <input {...now.field('name')} />
        <b>{now.errors.root}</b>
        <button type="submit" />
      </form>
    )
  }
  const { type, click, find, acting, tab, names } = await shown(Page)
  await acting(async () => tab.drop())
  await type({ name: 'Ada' })
  await click('button')
  expect(form.error?.code).toBe('offline')
  expect(find('b').textContent).toBe(form.error?.message)
  expect(find('[name=name]').value).toBe('Ada')
  await acting(() => tab.reconnect())
  await click('button')
  expect([names(), form.error, form.done]).toEqual([['Ada'], undefined, true])
})

it('a call that waits for a connection is pending, and keeps what was typed', async () => {
  const { type, click, find, acting, tab, names } = await shown(Guests)
  await acting(async () => tab.drop())
  await type({ name: 'Ada', age: '36' })
  await click(submit)
  expect([form.pending, form.done, find('[name=name]').value]).toEqual([true, false, 'Ada'])
  await acting(() => tab.reconnect())
  expect([form.pending, form.done, find('[name=name]').value, names()]).toEqual([false, true, '', ['Ada']])
})

it('a state of React has what the form has, and starts with what the form starts with', async () => {
  let states: unknown[] = []
  const { type, click, find, names } = await shown(() => {
    const guests = useServerForm(useServerState(d).invite)
    const [state, action, isPending] = useActionState(guests.submit, guests.state)
    form = guests as unknown as ServerForm<string>
    states = [state, guests.state]
    return (
      <form action={action}>
        <input {...guests.field('name')} />
        <input {...guests.field('age')} />
        <i>{state.errors.name}</i>
        <button type="submit">{String(isPending)}</button>
      </form>
    )
  })
  expect(states[0]).toBe(states[1])
  await type({ name: 'A', age: '1' })
  await click('button')
  expect(find('i').textContent).toBe('Say your name.')
  expect([states[0], form.done, find('[name=name]').value]).toEqual([states[1], false, 'A'])
  await type({ name: 'Ada' })
  await click('button')
  expect([states[0] === states[1], form.done, names(), find('[name=name]').value]).toEqual([true, true, ['Ada'], ''])
})

it('the start of a task is an event like others', async () => {
  const { type, click, find } = await shown(() => {
    const { action, field, errors } = useServerForm(useServerState(d).mail.start)
    return (
      <form action={action}>
        <input {...field('to')} />
        <i>{errors.to}</i>
        <button type="submit" />
      </form>
    )
  })
  await type({ to: 'nowhere' })
  await click('button')
  expect(find('i').textContent).toBe('No address.')
})

it('a page that leaves while a call is under way is not disturbed', async () => {
  const { type, find, acting, clock, root, container, names } = await shown(() => (
    <StrictMode>
      <Guests />
    </StrictMode>
  ))
  const { promise, resolve } = held()
  wait = promise
  await type({ name: 'Ada', age: '36' })
  const element = find<HTMLFormElement>('form')
  const removed = vi.spyOn(element, 'removeEventListener')
  await acting(async () => find<HTMLButtonElement>(submit).click())
  await acting(async () => root.unmount())
  expect(removed.mock.calls.filter(([name]) => name === 'reset')).toHaveLength(6)
  resolve()
  await acting(() => clock.settle())
  expect([container.innerHTML, complaints, names()]).toEqual(['', [], ['Ada']])
})

it('what is no failure of heldstate goes to the nearest boundary, as of any action', async () => {
  const bug = new TypeError('a bug')
  const Broken = () => {
    const broken = useServerForm(async (_form: FormData) => Promise.reject(bug))
    form = broken as unknown as ServerForm<string>
    return <form action={broken.action} />
  }
  const { show } = openPage([d])
  await show(<Broken />)
  await expect(form.submit(undefined, new FormData())).rejects.toBe(bug)
  await expect(form.submit(undefined, new FormData()), 'and again').rejects.toBe(bug)
})

it('a server renders a plain form, which a page takes over without a warning', async () => {
  const page = openPage([d])
  vi.stubGlobal('window', undefined)
  const html = renderToString(<Guests values={{ age: 18 }} />)
  vi.unstubAllGlobals()
  expect(html).toMatch(/<input(?=[^>]* name="age")(?=[^>]* value="18")[^>]*>/)
  expect(html).not.toContain('aria-invalid')
  const { recovered } = await page.hydrate(html, <Guests values={{ age: 18 }} />)
  await page.live()
  await page.click(submit)
  expect(form.errors.name).toBe('Say your name.')
  expect([...recovered, ...complaints]).toEqual([])
})
