/** Two apps at one address, the second below `/shop`. Both have a state with the id "counter", as `heldstate init` writes it. */
import { expect, type Page, test } from '@playwright/test'
import { consoleOf, press, shown } from './fixture'
import { FixtureApp } from './fixture-app'
import { type Front, proxyTo } from './front'

let main: FixtureApp
let shop: FixtureApp
let proxy: Front
let portFor = (path: string): number => (path.startsWith('/shop') ? shop.port : main.port)

test.beforeAll(async () => {
  test.setTimeout(240_000)
  const variant = { app: 'cached', bundler: 'turbopack', mode: 'production' } as const
  main = new FixtureApp(variant, 'zones-main')
  shop = new FixtureApp({ ...variant, basePath: '/shop' }, 'zones-shop')
  await main.build()
  await shop.build()
  await main.start()
  await shop.start()
  proxy = await proxyTo((path) => portFor(path))
})
test.afterAll(async () => {
  proxy?.close()
  await main?.stop()
  await shop?.stop()
})

const live = (page: Page) => expect(page.getByRole('status')).toHaveText('live')

test('each zone has its own state, cookie and token, also in one tab that goes to and fro', async ({
  page,
  context,
}) => {
  const said = consoleOf(page)
  const sockets: string[] = []
  page.on('websocket', (socket) => void sockets.push(new URL(socket.url()).pathname))
  const add = async (path: string, n: number) => {
    await page.goto(`${proxy.url}${path}/counter`)
    await expect(shown(page)).toHaveText(`size ${n - 1}`)
    await live(page)
    await press(page, 'Add')
    await expect(shown(page)).toHaveText(`size ${n}`)
  }
  await add('', 1)
  await add('/shop', 1)
  await add('', 2)
  await add('', 3)
  await add('/shop', 2)
  await page.reload()
  await live(page)
  await expect(page.getByText('server sees 2')).toBeVisible()
  expect(new Set(sockets)).toEqual(new Set(['/_heldstate/', '/shop/_heldstate/line.io']))
  const names = (await context.cookies()).map(({ name }) => name).filter((name) => !name.includes('-tab-'))
  expect(names.sort()).toEqual(['heldstate', 'heldstate.shop'])
  expect(said.filter((text) => /heldstate|state/i.test(text) && !/favicon/.test(text))).toEqual([])
})

test('a page whose proxy leads it to the hub of the other app is refused, and says so', async ({ page }) => {
  await page.addInitScript(() => {
    const { WebSocket } = window
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(String(url).replace('/shop/', '/'), protocols) // as a proxy that takes the path of the zone away
      }
    }
  })
  const said = consoleOf(page)
  await page.goto(`${proxy.url}/shop/counter`)
  await expect
    .poll(() => said.join('\n'), { timeout: 15_000 })
    .toMatch(/This page belongs to the app at \/shop but reached the server of the app at \//)
  await expect(shown(page)).toHaveText('size 0')
  await expect(page.getByRole('status')).toHaveText('offline')
})

test('a page of before, which names no app and asks at the root, goes on', async ({ page }) => {
  portFor = () => shop.port
  await page.addInitScript(() => {
    const { WebSocket } = window
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(String(url).replace('/shop/_heldstate/line.io', '/_heldstate/'), protocols)
      }
      override send(data: string) {
        super.send(typeof data === 'string' ? data.replace(/,"app":"[^"]*"/, '') : data)
      }
    }
  })
  await page.goto(`${proxy.url}/shop/counter`)
  await live(page)
  await press(page, 'Add')
  await expect(shown(page)).toHaveText('size 1')
})
