/**
 * Attach mode: Next starts its own server, and heldstate comes by one line in instrumentation.ts. A standalone build in the
 * test command; `ATTACHED=all` adds `next start` and `next dev` with both bundlers.
 */
import { request as ask, createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, type Page, test, type WebSocket } from '@playwright/test'
import { adds, consoleOf, counts, openFixture, press, shown, size, ticks } from './fixture'
import { FixtureApp, type Variant } from './fixture-app'

const trailingSlash = true // with which, and a page that takes every path, Next ended our websockets
const standalone: Variant = { bundler: 'turbopack', mode: 'production', trailingSlash, attached: 'standalone' }
const others: readonly Variant[] = [
  { bundler: 'turbopack', mode: 'production', basePath: '/shop', attached: 'next' },
  { bundler: 'webpack', mode: 'production', trailingSlash, attached: 'next' },
  { bundler: 'turbopack', mode: 'development', trailingSlash, attached: 'next' },
  { bundler: 'webpack', mode: 'development', basePath: '/shop', attached: 'next' },
]

for (const variant of process.env.ATTACHED === 'all' ? [standalone, ...others] : [standalone]) {
  const { bundler, mode, attached } = variant
  const way = attached === 'standalone' ? 'a standalone build' : mode === 'production' ? 'next start' : 'next dev'

  test.describe(`${way}, ${bundler}`, () => {
    let app: FixtureApp

    test.beforeAll(async () => {
      test.setTimeout(150_000)
      app = new FixtureApp(variant, `attached-${attached}-${bundler}-${mode}`)
      if (mode === 'production') await app.build()
      await app.start()
    })
    test.afterAll(() => app?.stop())

    test('counts, also through a route handler, and its task goes on over a reload', async ({ page }) => {
      const console = consoleOf(page)
      const ours = socketsOf(page)
      await openFixture(page, app)
      await press(page, 'Add')
      await counts(page, 6)
      await press(page, 'Begin')
      await expect.poll(() => ticks(page)).toBeGreaterThan(2)
      const token = (await shown(page).getAttribute('data-token')) ?? ''
      const slash = variant.trailingSlash ? '/' : ''
      const answer = await page.request.post(`${app.url}/api/modify${slash}`, { data: { token } })
      expect(await answer.json()).toEqual({ n: 106 })
      await counts(page, 106)
      const before = await ticks(page)
      await page.reload()
      await counts(page, 106)
      await expect.poll(() => ticks(page)).toBeGreaterThan(before + 2)
      expect(ours).toHaveLength(2) // one for each load: none was lost
      expect(console.filter((text) => /error|warn/i.test(text))).toEqual([])
    })

    if (mode === 'development')
      test('an edit is live at the next click; a running task stays', async ({ page }) => {
        await openFixture(page, app)
        await press(page, 'Begin')
        await expect.poll(() => ticks(page)).toBeGreaterThan(2)
        app.edit('app/counter.state.ts', (text) => text.replace('s.n += 1', 's.n += 10'))
        await new Promise((resolve) => setTimeout(resolve, 400))
        const before = await ticks(page)
        await adds(page, 10)
        await expect.poll(() => ticks(page)).toBeGreaterThan(before + 2)
      })

    test('a page that gets no websocket polls, and the log says so; in development the console does too', async ({
      page,
    }) => {
      const proxy = await proxyWithoutWebsocket(app.port)
      const console = consoleOf(page)
      await page.goto(app.url.replace(String(app.port), String((proxy.address() as AddressInfo).port)))
      await expect(page.getByRole('status')).toHaveText('live')
      await adds(page, 1)
      expect(app.output).toContain('A page uses long polling instead of a WebSocket')
      const said = console.filter((text) => text.includes('WebSocket unavailable; using long polling'))
      expect(said).toHaveLength(mode === 'development' ? 1 : 0)
      await page.close()
      proxy.close()
      proxy.closeAllConnections()
    })

    test('SIGTERM ends it within seconds with a tab open and a task running, and the state is there after', async ({
      page,
    }) => {
      await openFixture(page, app)
      await press(page, 'Begin')
      await expect.poll(() => ticks(page)).toBeGreaterThan(2)
      const n = await size(page)
      const { port } = app
      expect(await app.stop()).toBeLessThan(3_000)
      await app.start(port)
      await expect(page.getByRole('status')).toHaveText('live', { timeout: 45_000 }) // development compiles first
      await counts(page, n)
      expect(await ticks(page)).toBeGreaterThan(2)
    })
  })
}

/** Half a minute: `npm run apps` has it, and `lib/next/server/found-server.test.ts` what it stands on. */
const long = process.env.LONG ? test : test.skip

long('a durable task goes on when its server starts again, before anybody comes', async ({ page }) => {
  test.setTimeout(200_000)
  const app = new FixtureApp(
    { app: 'cached', bundler: 'turbopack', mode: 'production', attached: 'next' },
    'attached-durable',
  )
  await app.build()
  await app.start()
  const shownTicks = async () => Number(await page.locator('var').textContent())
  await page.goto(`${app.url}/counter`)
  await expect(page.getByRole('status')).toHaveText('live')
  await press(page, 'Tick')
  await expect.poll(shownTicks).toBeGreaterThan(2)
  const address = page.url()
  await page.goto('about:blank') // which asks for nothing
  await app.kill()
  await app.start(app.port)
  await expect.poll(() => app.output).toContain('attached to the server on port')
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  await page.goto(address)
  await expect(page.getByRole('status')).toHaveText('live')
  expect(await shownTicks()).toBeGreaterThan(25)
  await app.stop()
})

function socketsOf(page: Page): readonly WebSocket[] {
  const ours: WebSocket[] = []
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).pathname.startsWith('/_heldstate')) ours.push(socket)
  })
  return ours
}

/** A proxy that takes away our websocket. Next's own must pass: without it, no page of `next dev` comes to life. */
async function proxyWithoutWebsocket(port: number): Promise<Server> {
  const proxy = createServer((request, response) => {
    const { method, url, headers } = request
    const asked = ask({ host: 'localhost', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    asked.on('error', () => response.destroy())
    request.pipe(asked)
  })
  proxy.on('upgrade', ({ url, rawHeaders }, socket) => {
    socket.on('error', () => {})
    if (url?.startsWith('/_heldstate')) return void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
    const onward = connect(port, 'localhost', () => {
      onward.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, resolve))
  return proxy
}
