/** What must hold in each of the four ways of building an app, seen on the fixture. Those of webpack are in `npm run apps`, which takes longer. */
import { expect, type Page, test, type WebSocket } from '@playwright/test'
import { compileFixture, counts, openFixture, press, shown, ticks, variants } from './fixture'
import { builtApp, FixtureApp } from './fixture-app'
import { mistakeFacts } from './mistakes.facts'
import { paintedFacts } from './painted.facts'

/** Every text of the state module that is the server's own starts with this, but for one name. */
const heldBack = /held-back-[a-z]+|heldBackName/g
const inServer = ['computed', 'constant', 'handler', 'schema', 'task', 'value'].map((name) => `held-back-${name}`)

const isLong = ({ bundler }: (typeof variants)[number]) => bundler === 'webpack'

for (const variant of variants.filter((variant) => process.env.LONG || !isLong(variant))) {
  const { bundler, mode } = variant

  test.describe(`${bundler}, ${mode}`, () => {
    let app: FixtureApp

    test.beforeAll(async ({ browser }) => {
      test.setTimeout(300_000)
      app = mode === 'production' ? await builtApp(variant) : new FixtureApp(variant)
      app.lockWaitMs = mode === 'production' ? 500 : 3_300
      await app.start()
      if (mode === 'development') await compileFixture(browser, app)
    })
    test.afterAll(() => app?.stop())

    test('shows names and first values without JavaScript', async ({ browser }) => {
      const context = await browser.newContext({ javaScriptEnabled: false })
      const page = await context.newPage()
      await page.goto(`${app.url}/`)
      await expect(page.getByRole('heading')).toHaveText('Server sees counter')
      await expect(shown(page)).toHaveText('shown-default size 5 ticks 0')
      await context.close()
    })

    test('evaluates the state module once', async ({ page }) => {
      await openFixture(page, app)
      await press(page, 'Add')
      await counts(page, 6)
      const answer = await page.request.get(`${app.url}/api/evaluations`)
      expect(await answer.json()).toEqual({ id: 'counter', evaluations: 1 })
    })

    test('a click changes the page, through the hub, a route handler and a server action', async ({ page }) => {
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
      await press(page, 'Act')
      await counts(page, 1106)
      await press(page, 'Leap')
      await counts(page, 1156)
    })

    test('a state module of a package beside the app is its own', async ({ page }) => {
      await openFixture(page, app)
      await press(page, 'Visit 1')
      await expect(page.getByRole('button', { name: 'Visit 2' })).toBeVisible()
    })

    if (mode === 'development')
      test('a route that is compiled later disturbs neither values nor a running task', async ({ page }) => {
        await openFixture(page, app)
        await press(page, 'Add')
        await press(page, 'Begin')
        await expect.poll(() => ticks(page)).toBeGreaterThan(2)
        await page.request.get(`${app.url}/later/`)
        const before = await ticks(page)
        await press(page, 'Add')
        await counts(page, 7)
        await expect.poll(() => ticks(page)).toBeGreaterThan(before + 2)
      })

    if (bundler === 'turbopack' || mode === 'production') paintedFacts(variant, () => app)
    if (variant.mistakes) mistakeFacts(variant, () => app)

    test('keeps its one websocket beside a page that takes every path', async ({ page }) => {
      const ours: WebSocket[] = []
      page.on('websocket', (socket) => {
        if (new URL(socket.url()).pathname.includes('/_heldstate/')) ours.push(socket)
      })
      await openFixture(page, app)
      await press(page, 'Begin')
      await expect.poll(() => ticks(page)).toBeGreaterThan(10)
      expect(ours.map((socket) => socket.isClosed())).toEqual([false])
    })

    test('gives a browser nothing of the state module but names and first values', async ({ page }) => {
      const scripts = await scriptsOf(page, () => openFixture(page, app))
      expect(scripts).toContain('shown-default')
      expect(new Set(scripts.match(heldBack))).toEqual(new Set())
      expect(new Set(app.built('static').match(heldBack))).toEqual(new Set())
      const server = app.built('server')
      expect(inServer.filter((text) => !server.includes(text))).toEqual([])
    })

    test("keeps Socket.IO's server and esbuild out of the bundles of modifyState's callers", () => {
      expect(app.built('server').match(/destroyUpgradeTimeout|transformSync/g)).toBeNull()
    })

    // in development, Next's own close() leaves its file watchers, so only a signal ends the process
    for (const signal of mode === 'production' ? (['SIGUSR2', 'SIGTERM'] as const) : (['SIGTERM'] as const))
      test(`leaves nothing when it closes on ${signal}, with an open tab and a running task`, async ({ page }) => {
        if (!app.runs) await app.start()
        await openFixture(page, app)
        await press(page, 'Begin')
        await expect.poll(() => ticks(page)).toBeGreaterThan(2)
        expect(await app.stop(signal)).toBeLessThan(2_000)
      })
  })
}

/** The text of all scripts that a page loads while `open` runs, and of their source maps. */
async function scriptsOf(page: Page, open: () => Promise<void>): Promise<string> {
  const urls: string[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') urls.push(response.url())
  })
  await open()
  const texts = urls.map(async (url) => {
    const script = await (await page.request.get(url)).text()
    const map = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(script)?.[1]
    if (map === undefined) return script
    if (map.startsWith('data:')) return `${script}\n${Buffer.from(map.split(',')[1] ?? '', 'base64')}`
    return `${script}\n${await (await page.request.get(new URL(map, url).href)).text()}`
  })
  return (await Promise.all(texts)).join('\n')
}
