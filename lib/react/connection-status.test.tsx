// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { ConnectionStatus } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({ n: 0 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
}))

afterEach(() => document.body.replaceChildren())

const wait = (ms: number) => act(() => new Promise<void>((resolve) => setTimeout(resolve, ms)))

async function shown(after: number) {
  const page = openPage([d])
  await page.show(<ConnectionStatus after={after} />)
  await page.live()
  return { ...page, button: () => document.querySelector('button') }
}

it('shows nothing while the page is live, and nothing of a short loss', async () => {
  const { text, tab, acting } = await shown(60_000)
  expect(text()).toBe('')
  await acting(async () => tab.drop())
  await wait(10)
  expect(text()).toBe('')
  expect(document.querySelector('[data-heldstate-connection]')?.getAttribute('data-heldstate-connection')).toBe(
    'reconnecting',
  )
})

it('says that the connection is lost when that lasts, offers to try at once, and is gone when it is back', async () => {
  const { text, tab, acting, button } = await shown(0)
  await acting(async () => tab.drop())
  await wait(5)
  expect(text()).toBe('Connection lost. Reconnecting…Try now')
  let retried = 0
  tab.wire.retry = () => {
    retried += 1
  }
  await act(async () => button()?.click())
  expect(retried).toBe(1)
  await acting(() => tab.reconnect())
  expect(text()).toBe('')
})

it('gives the focus back to where it came from when the button vanishes under it, and takes none otherwise', async () => {
  const { tab, acting, button } = await shown(0)
  const [field, other] = [document.createElement('input'), document.createElement('input')]
  document.body.append(field, other)
  field.focus()
  await acting(async () => tab.drop())
  await wait(5)
  button()?.dispatchEvent(new FocusEvent('focusin', { bubbles: true, relatedTarget: field }))
  button()?.focus()
  await acting(() => tab.reconnect())
  expect(button()).toBeNull()
  expect(document.activeElement).toBe(field)
  await acting(async () => tab.drop())
  await wait(5)
  other.focus()
  await acting(() => tab.reconnect())
  expect(document.activeElement).toBe(other)
})

it('says that the browser is offline, where trying is of no use', async () => {
  const { text, tab, acting, button } = await shown(0)
  await acting(async () => tab.wire.cut(true))
  await wait(5)
  expect(text()).toBe('You are offline.')
  expect(button()).toBeNull()
})

it('says how many changes wait, in words of the app as well, and no more when they are sent', async () => {
  const page = openPage([d])
  const words = { reconnecting: 'Getrennt.', waiting: (changes: number) => `${changes} warten.` }
  await page.show([<ConnectionStatus key="1" after={0} />, <ConnectionStatus key="2" after={0} words={words} />])
  await page.live()
  const { add } = await page.tab.watch(d)
  await page.acting(async () => page.tab.drop())
  await page.acting(async () => void add())
  await wait(5)
  expect(page.text()).toBe('Connection lost. Reconnecting… 1 change is waiting.Try nowGetrennt. 1 warten.Try now')
  await page.acting(async () => {
    for (let n = 0; n < 11; n += 1) void add()
  })
  expect(page.text()).toContain('Connection lost. Reconnecting… 12 changes are waiting.')
  await page.acting(() => page.tab.reconnect())
  expect(page.text()).toBe('')
})

it('says that the server cannot save, as long as that lasts, and the page is live all the time', async () => {
  const { text, hub, advance, button } = await shown(0)
  hub.nodes.onStoreReachable(false)
  await advance(10)
  await wait(5)
  expect(text()).toBe('The server cannot save right now. Changes wait up to 30 seconds.')
  expect(button()).toBeNull()
  hub.nodes.onStoreReachable(true)
  await advance(10)
  expect(text()).toBe('')
})
