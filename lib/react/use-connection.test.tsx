// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { useConnection, useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({ n: 0 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
}))

afterEach(() => document.body.replaceChildren())

async function shown() {
  const seen: string[] = []
  const Connection = () => {
    seen.push(useConnection().status)
    return null
  }
  const page = openPage([d])
  await page.show(<Connection />)
  return { ...page, seen }
}

it('tells connecting, live, reconnecting and offline as they follow each other', async () => {
  const { seen, live, acting, tab } = await shown()
  expect(seen).toEqual(['connecting'])
  await live()
  await acting(async () => tab.drop())
  await acting(async () => tab.wire.cut(true))
  await acting(async () => tab.drop())
  await acting(() => tab.reconnect())
  expect(seen).toEqual(['connecting', 'live', 'reconnecting', 'offline', 'reconnecting', 'live'])
})

it('tells connecting, not reconnecting, while the first connection does not come about', async () => {
  const { seen, live, acting, tab } = await shown()
  tab.connect()
  await acting(async () => tab.drop())
  expect(seen).toEqual(['connecting'])
  await acting(async () => tab.wire.cut(true))
  expect(seen).toEqual(['connecting', 'offline'])
  await acting(() => tab.reconnect())
  await live()
  expect(seen).toEqual(['connecting', 'offline', 'live'])
})

it('tells offline for good when the hub refuses this page, and changes fail with a reason', async () => {
  const { seen, live, acting, tab } = await shown()
  const { add } = tab.state(d)
  await live()
  await acting(async () => {
    ;(tab.wire as unknown as { listener: { message(name: string, args: unknown[]): void } }).listener.message('bye', [
      'protocol-version',
      'Reload the page.',
    ])
  })
  expect(seen).toEqual(['connecting', 'live', 'offline'])
  expect(tab.reports).toEqual(['Reload the page.'])
  await expect(add()).rejects.toMatchObject({ code: 'offline' })
})

it('connects the page by itself, and renders for no change of state', async () => {
  const { seen, live, hub, tab, advance } = await shown()
  await live()
  await hub.modifyState(tab.token, d, (s) => void (s.n = 1))
  await advance(20)
  expect(seen).toEqual(['connecting', 'live'])
})

it('leaves what was shown in place while the connection is lost', async () => {
  const page = openPage([d])
  const Both = () => `${useConnection().status} ${useServerState(d).n}`
  await page.show(<Both />)
  await page.live()
  await page.done(() => page.tab.state(d).add())
  await page.acting(async () => page.tab.drop())
  expect(page.text()).toBe('reconnecting 1')
})

it('tells which attempt comes next and when, and renders again only when that changes', async () => {
  const seen: unknown[] = []
  const Retrying = () => {
    const { status, attempt, nextRetryAt } = useConnection()
    seen.push([status, attempt, nextRetryAt])
    return null
  }
  const page = openPage([d])
  await page.show(<Retrying />)
  await page.live()
  await page.acting(async () => page.tab.wire.cut(false, { attempt: 1, nextRetryAt: 500 }))
  await page.acting(async () => page.tab.wire.cut(false, { attempt: 2, nextRetryAt: null }))
  await page.acting(() => page.tab.reconnect())
  await page.done(() => page.tab.state(d).add())
  expect(seen).toEqual([
    ['connecting', 0, null],
    ['live', 0, null],
    ['reconnecting', 1, 500],
    ['reconnecting', 2, null],
    ['live', 0, null],
  ])
})
