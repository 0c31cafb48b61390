/**
 * The server knows which tab a request comes from: first paint, server components, server actions, route handlers. The spec
 * of builds runs these facts against each app that it has built.
 */
import { expect, type Page, test } from '@playwright/test'
import { consoleOf, press, shown } from './fixture'
import type { FixtureApp, Variant } from './fixture-app'

declare global {
  interface Window {
    shownTexts?: string[]
  }
}

/** Has each later document of the page note all texts that its state is shown as. */
export async function watchTexts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const texts: string[] = []
    window.shownTexts = texts
    const note = () => {
      const text = document.querySelector('samp')?.textContent
      if (text && texts.at(-1) !== text) texts.push(text)
    }
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
  })
}

/** All texts that its state was shown as since the document began. The painted page notes them itself. */
export const textsShown = (page: Page) => page.evaluate(() => window.shownTexts ?? [])

/** Reloads; gives what the HTML shows, as it came over the network. */
async function reloadedHtml(page: Page): Promise<string> {
  const answer = await page.reload()
  return samp((await answer?.text()) ?? '')
}

const samp = (html: string) => /<samp>(.*?)<\/samp>/.exec(html.replaceAll('<!-- -->', ''))?.[1] ?? html

const live = (page: Page) => expect(page.getByRole('status')).toHaveText('live')

export function paintedFacts(variant: Variant, app: () => FixtureApp): void {
  const slash = variant.trailingSlash ? '/' : ''
  const path = `/painted${slash}`
  const open = async (page: Page) => {
    await page.goto(`${app().url}${path}`)
    await live(page)
  }

  test('a reloaded tab has its values in the HTML and never shows others; nothing is wrong in hydration', async ({
    page,
  }) => {
    const complaints = consoleOf(page)
    await open(page)
    await press(page, 'Add')
    await expect(shown(page)).toHaveText('size 6 still')
    await press(page, 'Begin')
    await expect(shown(page)).toHaveText('size 6 ticking')
    for (let again = 0; again < 3; again += 1) {
      expect(await reloadedHtml(page)).toBe('size 6 ticking')
      await live(page)
      expect(await textsShown(page)).toEqual(['size 6 ticking'])
      await expect(page.getByText('server sees 6 touched')).toBeVisible()
    }
    expect(complaints.filter((text) => /hydrat|warn|error/i.test(text))).toEqual([])
  })

  if (variant.mode === 'development') return // each route is compiled for as long as these take

  test('an event inside a request has cookies, revalidates a page and does something afterwards', async ({
    page,
    context,
  }) => {
    await context.addCookies([{ name: 'who', value: 'me', url: app().url }])
    const made = async () =>
      /made ([\d.]+)/.exec(
        await (await page.request.get(`${app().url}/painted/made${slash}`))
          .text()
          .then((html) => html.replaceAll('<!-- -->', '')),
      )?.[1]
    await open(page)
    const before = await made()
    expect(before).toBeDefined()
    expect(await made()).toBe(before)
    await press(page, 'Ask')
    await expect(page.locator('q')).toHaveText('asked by me, and afterwards')
    expect(await made()).not.toBe(before)
  })

  if (variant.bundler === 'webpack') return // what follows is of Next's server and the browser, not of a bundler

  test('a new tab and a visitor without a cookie begin with first values', async ({ page, context, request }) => {
    await open(page)
    await press(page, 'Add')
    await expect(shown(page)).toHaveText('size 6 still')
    const other = await context.newPage()
    const answer = await other.goto(`${app().url}${path}`)
    expect(samp((await answer?.text()) ?? '')).toBe('size 5 still')
    await live(other)
    await expect(other.getByText('server sees 5 untouched')).toBeVisible()
    expect(samp(await (await request.get(`${app().url}${path}`)).text())).toBe('size 5 still')
  })

  test('tabs that reload at once show their own values or first ones', async ({ context }) => {
    const pages = await Promise.all([0, 1].map(() => context.newPage()))
    for (const [index, page] of pages.entries()) {
      await open(page)
      for (let n = 0; n < index + 1; n += 1) await press(page, 'Add')
      await expect(shown(page)).toHaveText(`size ${6 + index} still`)
    }
    for (let again = 0; again < 2; again += 1) {
      await Promise.all(pages.map((page) => page.reload()))
      for (const [index, page] of pages.entries()) {
        await live(page)
        const own = `size ${6 + index} still`
        await expect(shown(page)).toHaveText(own)
        for (const text of await textsShown(page)) expect([own, 'size 5 still']).toContain(text)
      }
    }
  })

  test('server actions, route handlers and soft navigations know the tab', async ({ page, context }) => {
    const neighbour = await context.newPage()
    await open(neighbour)
    await open(page)
    await press(page, 'Ten')
    await expect(page.getByText('action sees 15')).toBeVisible()
    await expect(shown(page)).toHaveText('size 15 still')
    await press(page, 'Write')
    await expect(page.getByText('route made 115')).toBeVisible()
    await expect(shown(page)).toHaveText('size 115 still')
    await press(page, 'Read')
    await expect(page.getByText('route sees 115')).toBeVisible()
    await page.getByRole('link').click()
    await expect(page.getByText('again 115')).toBeVisible()
    await expect(shown(neighbour)).toHaveText('size 5 still')
  })

  test('a request that no tab made may read first values, and change nothing', async ({ page }) => {
    await open(page)
    expect(await (await page.request.get(`${app().url}/api/mine${slash}`)).text()).toBe('route sees 5')
    expect(await (await page.request.post(`${app().url}/api/mine${slash}`)).text()).toBe('unknown-tab')
    const foreign = { 'x-heldstate': `${'a'.repeat(32)}.${'b'.repeat(32)}.${'c'.repeat(32)}` }
    const refused = await page.request.post(`${app().url}/api/mine${slash}`, { headers: foreign })
    expect(await refused.text()).toBe('unknown-tab')
  })
}
