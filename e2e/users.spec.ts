/**
 * Who is the user: a login and a logout without a reload, in all tabs, a frame of another site, and what strangers read. The spec starts and ends a
 * production server of its own.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, type Page, test } from '@playwright/test'
import { press, shown, turbopackBuild } from './fixture'
import { builtApp, type FixtureApp } from './fixture-app'

let app: FixtureApp

test.beforeAll(async () => {
  test.setTimeout(150_000)
  app = await builtApp(turbopackBuild)
  app.sameSite = 'lax'
  await app.start()
})
test.afterAll(() => app?.stop())

const live = (page: Page) => expect(page.locator('#status')).toHaveText('live')

async function opened(page: Page): Promise<Page> {
  await page.goto(`${app.url}/users`)
  await live(page)
  return page
}

test('an event sees a login and a logout by a server action without a reload', async ({ page }) => {
  await opened(page)
  await press(page, 'Count')
  await expect(page.locator('em')).toHaveText('Sign in first.')
  await press(page, 'Log in ann')
  await expect(async () => {
    await press(page, 'Count')
    await expect(shown(page)).toHaveText(/^ann \d+ still$/, { timeout: 1_000 })
  }).toPass()
  await expect(page.locator('q')).toContainText('Mozilla')
  await press(page, 'Log in bob')
  await expect(async () => {
    await press(page, 'Count')
    await expect(shown(page)).toHaveText(/^bob \d+ still$/, { timeout: 1_000 })
  }).toPass()
})

test('a logout ends state and tasks, in the other tab too, and the next person begins with nothing', async ({
  page,
  context,
}) => {
  await opened(page)
  const other = await opened(await context.newPage())
  await press(page, 'Log in ann')
  for (const tab of [page, other]) {
    await expect(async () => {
      await press(tab, 'Count')
      await expect(shown(tab)).toHaveText(/^ann \d+ still$/, { timeout: 1_000 })
    }).toPass()
    await press(tab, 'Tick')
    await expect(shown(tab)).toHaveText(/^ann \d+ ticking$/)
  }
  await press(page, 'Log out')
  for (const tab of [page, other]) {
    await expect(shown(tab)).toHaveText('nobody 0 still')
    await live(tab)
    await expect(tab.locator('main')).toHaveAttribute('data-lost', 'false')
  }
  await press(other, 'Count')
  await expect(other.locator('em')).toHaveText('Sign in first.')
  await press(other, 'Log in bob')
  await expect(async () => {
    await press(other, 'Count')
    await expect(shown(other)).toHaveText(/^bob \d+ still$/, { timeout: 1_000 })
  }).toPass()
})

test('sessions of better-auth are seen by events, and their end ends the state', async ({ page }) => {
  await page.goto(`${app.url}/accounts`)
  await live(page)
  await press(page, 'Order')
  await expect(page.locator('em')).toHaveText('Sign in first.')
  await press(page, 'Enter')
  await expect(async () => {
    await press(page, 'Order')
    await expect(shown(page)).toHaveText(/^ann \d+$/, { timeout: 1_000 })
  }).toPass()
  await press(page, 'Leave')
  await expect(shown(page)).toHaveText('nobody 0')
  await live(page)
  await press(page, 'Order')
  await expect(page.locator('em')).toHaveText('Sign in first.')
})

test('a page in a frame of another site keeps its state with sameSite none, and says why without', async ({ page }) => {
  const port = new URL(app.url).port
  const site = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(`<iframe src="${app.url.replace('127.0.0.1', 'localhost')}/users"></iframe>`)
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  /** The app in a frame of a page at another site, which reloads it after a click. */
  const framed = async (counts: string, keeps: boolean) => {
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
    const frame = page.frameLocator('iframe')
    await expect(frame.locator('#status')).toHaveText('live')
    await frame.getByRole('button', { name: 'Add' }).click()
    await expect(frame.locator('samp')).toHaveText('nobody 1 still')
    await frame.getByRole('button', { name: 'Reconnect' }).click()
    await frame.getByRole('button', { name: 'Add' }).click()
    await expect(frame.locator('samp')).toHaveText(counts)
    if (!keeps) return
    await frame.locator('body').evaluate(() => location.reload())
    await expect(frame.locator('#status')).toHaveText('live')
    await expect(frame.locator('samp')).toHaveText(counts)
  }
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  await framed('nobody 1 still', false)
  await expect.poll(() => said.join('\n')).toContain('The browser sent no cookie of this app')
  expect(app.output).toContain("sameSite: 'none'")
  await app.stop()
  app.sameSite = 'none'
  await app.start(Number(port))
  await framed('nobody 2 still', true)
  site.close()
  await app.stop()
  app.sameSite = 'lax'
  await app.start()
})

test('of twenty secrets a production page receives none, in messages, HTML, scripts and their source maps', async ({
  page,
  context,
}) => {
  const received: string[] = []
  const scripts = new Set<string>()
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(String(payload))))
  page.on('console', (message) => received.push(message.text()))
  page.on('response', async (response) => {
    received.push(JSON.stringify(response.headers()), await response.text().catch(() => ''))
    if (/\.js(\?|$)/.test(response.url())) scripts.add(response.url())
  })
  await context.addCookies([{ name: 'hidden', value: 'planted-secret-19', url: app.url, httpOnly: true }])
  await opened(page)
  await press(page, 'Leak all')
  await expect(page.locator('li')).toHaveCount(12)
  await expect(page.locator('pre')).toHaveText(
    /^\[(\{"code":"task-failed","message":"Something went wrong[^}]*\},?){4}\]$/,
  )
  const lines = await page.locator('li').allTextContents()
  const references = lines
    .filter((line) => line !== 'fine')
    .map((line) => /\(reference ([0-9a-f]{8})\)/.exec(line)?.[1])
  expect(references).toHaveLength(7)
  for (const reference of references) expect(app.output).toContain(`(reference ${reference})`)
  await page.reload()
  await live(page)
  received.push(await page.content())
  for (const url of scripts) {
    const map = await page.request.get(url.replace(/\.js(\?|$)/, '.js.map$1'))
    if (map.ok()) received.push(await map.text())
  }
  expect(received.join('\n').length).toBeGreaterThan(100_000)
  for (const seen of ['06', '10', '11', '16']) expect(app.output).toContain(`planted-secret-${seen}`)
  const found = received.join('\n').match(/planted-secret-\d\d|10\.0\.0\.7|\/srv|FIXTURE_SECRET/g)
  expect(new Set(found)).toEqual(new Set())
  expect(received.join('\n')).not.toContain(app.dir)
})

test('a session that somebody wrote, or whose time has passed, is none', async ({ page, context }) => {
  for (const value of ['YW5u.9999999999999.forged', 'ann', 'YW5u.1.x']) {
    await context.addCookies([{ name: 'session', value, url: app.url }])
    await opened(page)
    await press(page, 'Count')
    await expect(page.locator('em')).toHaveText('Sign in first.')
  }
})
