/**
 * What a visitor reads when a page has failed, in the production build and without a place in the app that fails on purpose: a browser without
 * `BroadcastChannel` makes a live page fail, and one that cannot make a heading makes the pages that say so fail too, up to the outermost.
 */
import { expect, type Page, test } from '@playwright/test'
import { live } from './demo'

const { PICTURES: pictures } = process.env

/** React renders the pages for errors of the live pages and of the site twice each, and then that for the document twice, before it is shown. */
const untilTheOutermost = 6

/** The page fails, and the first so many headings that are to say so. `mend()` ends that. */
async function failing(page: Page, headings: number): Promise<void> {
  await page.addInitScript((headings) => {
    const { BroadcastChannel } = window
    Object.assign(window, { BroadcastChannel: undefined, mend: () => Object.assign(window, { BroadcastChannel }) })
    const { createElement } = Document.prototype
    let left = headings
    Document.prototype.createElement = function (this: Document, ...args: Parameters<typeof createElement>) {
      if (args[0] === 'h1' && left > 0) {
        left -= 1
        throw new Error('This browser makes no headings.')
      }
      return createElement.apply(this, args)
    } as typeof createElement
  }, headings)
}

const mend = (page: Page) => page.evaluate(() => (window as unknown as { mend(): void }).mend())

async function picture(page: Page, name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` })
}

const theme = (page: Page) => page.evaluate(() => document.documentElement.dataset.theme)
const title = (page: Page) => page.getByRole('heading', { level: 1, name: 'This page has failed' })

/** Where nothing is cut off, and the sheet of the site is there. */
async function isInOrder(page: Page): Promise<void> {
  await expect(title(page)).toBeFocused()
  await expect(page.getByRole('link', { name: 'Home' })).toBeVisible()
  const { button, excess } = await page.evaluate(() => ({
    button: getComputedStyle(document.querySelector('.missing button') as Element).minHeight,
    excess: document.documentElement.scrollWidth - window.innerWidth,
  }))
  expect(Number.parseFloat(button)).toBeGreaterThanOrEqual(40)
  expect(excess).toBeLessThanOrEqual(0)
}

for (const [name, width, scheme] of [
  ['desktop', 1280, 'light'],
  ['phone', 360, 'dark'],
] as const)
  test.describe(name, () => {
    test.use({ viewport: { width, height: 740 }, colorScheme: scheme })

    test('a live page that has failed stands in its frame, and comes back by "Try again"', async ({ page }) => {
      await failing(page, 0)
      await page.goto('/torture')
      await isInOrder(page)
      await expect(page.getByRole('banner')).toBeVisible()
      await expect(page).toHaveTitle('Try to lose a click · heldstate')
      await picture(page, `live-${name}`)
      await mend(page)
      await page.getByRole('button', { name: 'Try again' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Try to lose a click')
      await live(page)
    })

    test('a document that has failed says so in the chosen theme, and "Try again" brings the page back', async ({
      page,
    }) => {
      await page.addInitScript(() => localStorage.setItem('theme', 'dark'))
      await failing(page, untilTheOutermost)
      await page.goto('/torture')
      await isInOrder(page)
      await expect(page.getByRole('navigation')).toHaveCount(0)
      await expect(page).toHaveTitle('This page has failed · heldstate')
      await picture(page, `global-${name}`)
      expect(await theme(page)).toBe('dark')
      await mend(page)
      await page.getByRole('button', { name: 'Try again' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Try to lose a click')
      await live(page)
      expect(await theme(page)).toBe('dark')
    })
  })
