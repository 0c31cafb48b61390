// @vitest-environment happy-dom
/** A call during a render would change what is rendered, and so on without end. Everywhere else a call is as it ever was. */
import {
  type ReactNode,
  StrictMode,
  Suspense,
  startTransition,
  use,
  useEffect,
  useInsertionEffect,
  useLayoutEffect,
  useMemo,
  useState,
} from 'react'
import { flushSync } from 'react-dom'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type ClientView, defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({ work: background(async ({ sleep }) => sleep(100)) }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
  }))
type View = ClientView<typeof d>

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

const Child = ({ call }: { call: View['add'] }) => <>{call() as never}</>

it.each<[string, (c: View) => ReactNode, string?]>([
  ['as a child', (c) => <p>{c.add() as never}</p>],
  ['where it should be handed over', (c) => <button type="button" onClick={c.add() as never} />],
  ['in a component below', (c) => <Child call={c.add} />],
  ['in useMemo', (c) => useMemo(() => void c.add(), [c])],
  ['in the first value of useState', (c) => useState(() => void c.add())[0]],
  ['to start a task', (c) => <p>{c.work.start() as never}</p>, 'work.start'],
  ['to cancel one', (c) => <p>{c.work.cancel() as never}</p>, 'work.cancel'],
])(
  'a call %s while rendering fails at its line, names what was called, and is not sent',
  async (_, render, name = 'add') => {
    const page = openPage([d])
    let renders = 0
    const Calls = () => {
      renders += 1
      return render(useServerState(d))
    }
    await expect(page.show(<Calls />)).rejects.toMatchObject({
      code: 'called-while-rendering',
      message: expect.stringContaining(`"${name}" of state "d"`),
    })
    expect(renders).toBeLessThan(5)
    expect(page.sent).toEqual([])
  },
)

it.each<[string, (c: View) => ReactNode]>([
  ['an effect', (c) => useEffect(() => void c.add(), [c.add]) as undefined],
  ['a layout effect', (c) => useLayoutEffect(() => void c.add(), [c.add]) as undefined],
  ['an insertion effect', (c) => useInsertionEffect(() => void c.add(), [c.add]) as undefined],
  ['the cleanup of an effect', (c) => useEffect(() => () => void c.add(), [c.add]) as undefined],
  ['a ref', (c) => useMemo(() => <p ref={(element) => void (element && c.add())} />, [c.add])],
  ['a click', (c) => <button type="button" onClick={c.add} />],
  ['a transition', (c) => <button type="button" onClick={() => startTransition(async () => c.add())} />],
  ['an action of a form', (c) => <form action={() => c.add()} children={<button type="submit" />} />],
  [
    'a handler that has rendered meanwhile',
    (c) => {
      const [, set] = useState(0)
      const click = () => {
        flushSync(() => set(1))
        void c.add()
      }
      return <button type="button" onClick={click} />
    },
  ],
  ['a promise that began while rendering', (c) => useState(() => void Promise.resolve().then(() => c.add()))[0]],
])('a call from %s is made', async (_, render) => {
  const page = openPage([d])
  let gone = () => {}
  const Calls = () => render(useServerState(d))
  const Page = () => {
    const [there, set] = useState(true)
    gone = () => set(false)
    return there && <Calls />
  }
  await page.show(<Page />)
  await page.live()
  await page.click('button')
  if (page.sent.length === 0) await page.acting(async () => gone())
  await page.acting(() => page.clock.settle())
  expect(page.sent).toEqual([['call', 0, 1, 'd', 'add']])
})

it('a call is made after a render that has failed, and after one that waits', async () => {
  const page = openPage([d])
  let add: View['add'] | undefined
  const never = new Promise(() => {})
  const Waits = () => {
    add = useServerState(d).add
    return use(never) as undefined
  }
  await page.show(
    <StrictMode>
      <Suspense>
        <Waits />
      </Suspense>
    </StrictMode>,
  )
  const Fails = () => {
    useServerState(d)
    throw new Error('no')
  }
  await expect(page.show(<Fails />)).rejects.toThrow('no')
  await page.show(<p>{d.id}</p>)
  page.tab.connect()
  await page.clock.settle()
  await page.done(async () => add?.())
  expect(page.tab.state(d).n).toBe(1)
})
