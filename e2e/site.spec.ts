/** The site as a whole: no dead link, words for search engines, a way on from an address that leads nowhere, and pages of text that are light. */
import { type APIRequestContext, expect, type Page, test } from '@playwright/test'
import { paths } from '../app/paths'
import { parts } from '../app/site'
import { live } from './demo'

const all = paths()

interface Answer {
  readonly path: string
  readonly status: number
  readonly text: string
}

async function get(request: APIRequestContext, path: string): Promise<Answer> {
  const answer = await request.get(path, { maxRedirects: 0 })
  return { path, status: answer.status(), text: await answer.text() }
}

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found)
const hrefsOf = ({ text }: Answer) => matches(text, /<a [^>]*?href="([^"#]*)/g).filter((href) => href.startsWith('/'))

test('no link of any page is dead, and each page has a title, a description and an address of its own', async ({
  request,
}) => {
  test.setTimeout(120_000)
  const pages: Answer[] = []
  for (const path of all) pages.push(await get(request, path))
  const known = new Set(all)
  const others = [...new Set(pages.flatMap(hrefsOf))].filter((href) => !known.has(href))
  for (const path of others) pages.push(await get(request, path))
  expect(pages.length).toBeGreaterThan(120)
  expect(pages.filter(({ status }) => status !== 200).map(({ path, status }) => [path, status])).toEqual([])

  const html = pages.slice(0, all.length)
  const bare = html.filter(
    ({ path, text }) => !new RegExp(`rel="canonical" href="https?://[^/"]+${path === '/' ? '' : path}"`).test(text),
  )
  expect(bare.map(({ path }) => path)).toEqual([])
  for (const pattern of [/<title>([^<]+)/g, /<meta name="description" content="([^"]+)/g]) {
    const seen = html.map(({ path, text }) => ({ path, words: matches(text, pattern)[0] ?? '' }))
    const twice = seen.filter(
      ({ words }, at) => words === '' || seen.findIndex((other) => other.words === words) !== at,
    )
    expect(twice).toEqual([])
  }
})

test('search engines, feeds of links and browsers find what they ask for', async ({ request }) => {
  const types = {
    '/robots.txt': 'text/plain',
    '/sitemap.xml': 'application/xml',
    '/manifest.webmanifest': 'application/manifest+json',
    '/favicon.ico': 'image/x-icon',
    '/opengraph-image': 'image/png',
  }
  for (const [path, type] of Object.entries(types)) {
    const answer = await request.get(path)
    expect([path, answer.status(), answer.headers()['content-type']]).toEqual([path, 200, type])
    expect(answer.headers()).not.toHaveProperty('x-powered-by')
  }
  const listed = matches((await get(request, '/sitemap.xml')).text, /<loc>https?:\/\/[^/<]+([^<]*)<\/loc>/g)
  expect(listed.sort()).toEqual([...all].sort())
  expect((await get(request, '/docs/state')).text).toMatch(/property="og:image" content="http[^"]+\/opengraph-image/)
})

test('an address without a page says so, and offers pages that it may have meant', async ({ page }) => {
  const wrong = await page.goto('/background-task')
  expect(wrong?.status()).toBe(404)
  await expect(page).toHaveTitle('No such page · heldstate')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no page here')
  await expect(page.locator('.missing').getByRole('link').first()).toBeVisible()
  await expect(page.locator('.missing')).toContainText('/background-task')
  await page.getByRole('combobox', { name: 'Search the docs' }).fill('nested-lock')
  await page.getByRole('listbox', { name: 'Found' }).getByRole('option').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('nested-lock')

  const mistyped = await page.goto('/docs/stat')
  expect(mistyped?.status()).toBe(404)
  await expect(page.getByRole('navigation', { name: 'Docs' }).getByRole('link', { name: 'Events' })).toBeVisible()
  await page.locator('.missing').getByRole('link', { name: 'State', exact: true }).click()
  await expect(page).toHaveURL(/\/docs\/state$/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('State')
})

test('a page that fails says so, takes the focus there, and comes back', async ({ page }) => {
  await page.addInitScript(() => {
    const given = globalThis.ResizeObserver
    Object.assign(globalThis, {
      ResizeObserver: undefined,
      mend: () => Object.assign(globalThis, { ResizeObserver: given }),
    })
  })
  await page.goto('/docs/state')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page has failed')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page.getByRole('navigation', { name: 'Docs' })).toBeVisible()
  await page.evaluate(() => (globalThis as unknown as { mend(): void }).mend())
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('State')
})

test('a page of the docs carries nothing of heldstate, opens no socket, and fetches others only when they are pointed at', async ({
  page,
  request,
}) => {
  const sockets: string[] = []
  const fetched: string[] = []
  const scripts: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  page.on('request', (sent) => {
    const url = new URL(sent.url())
    if (sent.resourceType() === 'script') scripts.push(url.pathname)
    else if (sent.resourceType() === 'fetch') fetched.push(url.pathname)
  })
  await page.goto('/docs/state')
  await page.waitForLoadState('networkidle')
  expect(scripts.length).toBeGreaterThan(3)
  const texts = await Promise.all(scripts.map((path) => get(request, path)))
  expect(texts.filter(({ text }) => text.includes('_heldstate')).map(({ path }) => path)).toEqual([])
  expect([sockets, fetched]).toEqual([[], []])
  await page.getByRole('navigation', { name: 'Docs' }).getByRole('link', { name: 'Events' }).hover()
  await expect.poll(() => fetched).toContain('/docs/events')
  expect(new Set(fetched)).toEqual(new Set(['/docs/events']))
})

test('the console stays empty for ten seconds after a page has loaded', async ({ context }) => {
  const complaints: string[] = []
  const open = async (path: string) => {
    const page = await context.newPage()
    const note = (text: string) => complaints.push(`${path}: ${text}`)
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(message.text()))
    page.on('pageerror', (error) => note(error.message))
    await page.goto(path)
    return page
  }
  const pages: Page[] = []
  if (process.env.LONG) test.setTimeout(300_000)
  const looked = process.env.LONG ? paths() : ['/', '/background-tasks', '/docs', '/docs/state']
  for (const path of looked) pages.push(await open(path))
  await live(pages[0] as Page)
  await pages[0]?.waitForTimeout(10_000) // what a browser says of things that were loaded for nothing, it says late
  expect(complaints).toEqual([])
})

test('nothing on a page moves while it loads', async ({ context }) => {
  for (const path of ['/', '/torture', '/examples/dashboard', '/docs/limits']) {
    const page = await context.newPage()
    await page.addInitScript(() => {
      const shifts = { sum: 0 }
      Object.assign(globalThis, { shifts })
      const add = (list: PerformanceObserverEntryList) => {
        for (const entry of list.getEntries()) shifts.sum += (entry as unknown as { value: number }).value
      }
      new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true })
    })
    await page.goto(path)
    if (!path.startsWith('/docs')) await live(page)
    await page.waitForLoadState('networkidle')
    const { sum } = await page.evaluate(() => (globalThis as unknown as { shifts: { sum: number } }).shifts)
    expect(sum, path).toBeLessThan(0.05) // 0.1 counts as good
    await page.close()
  }
})

test('without JavaScript a live page says what it lacks, and the docs are whole', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, ...(baseURL ? { baseURL } : {}) })
  const page = await context.newPage()
  await page.goto('/background-tasks')
  await expect(page.locator('noscript p')).toContainText('This page needs JavaScript')
  await expect(page.locator('noscript p')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Start', exact: true }).first()).toBeVisible()
  await page.getByRole('link', { name: 'docs', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'heldstate docs' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Site' }).getByRole('link')).toHaveText(
    parts.map(({ title }) => title),
  )
  await expect(page.getByRole('button', { name: 'Copy' })).toHaveCount(0)
  await context.close()
})
