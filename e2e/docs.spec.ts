import { expect, type Page, test } from '@playwright/test'
import { consoleOf } from './fixture'

/** Next's own word on its development mode is none of ours. */
const complaints = (texts: readonly string[]) =>
  texts.filter((text) => !/React DevTools|\[HMR\]|\[Fast Refresh\]/.test(text))

const search = (page: Page) => page.getByRole('combobox', { name: 'Search the docs' })
const options = (page: Page) => page.getByRole('listbox', { name: 'Found' }).getByRole('option')
const titled = (page: Page, name: string) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible()

test('the docs are reached from the demo, and their pages follow each other', async ({ page }) => {
  const texts = consoleOf(page)
  await page.goto('/')
  await page.getByRole('navigation', { name: 'Site' }).getByRole('link', { name: 'Docs', exact: true }).click()
  await titled(page, 'heldstate docs')
  await page.getByRole('navigation', { name: 'Docs' }).getByRole('link', { name: 'State', exact: true }).click()
  await titled(page, 'State')
  await expect(page).toHaveTitle(/^State · /)
  await expect(page.locator('pre.shiki span[style]').first()).toBeVisible()
  await page.getByRole('link', { name: 'Events →' }).click()
  await titled(page, 'Events')
  await page.locator('.prose').getByRole('link', { name: 'Errors', exact: true }).click()
  await titled(page, 'Errors')
  await page.getByRole('link', { name: 'nested-lock' }).click()
  await titled(page, 'nested-lock')
  await expect(page.getByText('<!-- run')).toHaveCount(0)
  await page.waitForLoadState('networkidle')
  expect(complaints(texts)).toEqual([])
})

test('search is opened with a key, finds, and goes there', async ({ page }) => {
  const texts = consoleOf(page)
  await page.goto('/docs')
  await expect(async () => {
    await page.keyboard.press('Control+k') // once the page listens
    await expect(search(page)).toBeFocused({ timeout: 500 })
  }).toPass()
  await search(page).blur()
  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await search(page).fill('await using')
  await expect(options(page).first()).toBeVisible()
  await expect(options(page).first().locator('mark').first()).toHaveText(/await|using/i)
  await page.keyboard.press('ArrowDown')
  await expect(options(page).nth(1)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowUp')
  await search(page).fill('nested-lock')
  await expect(options(page).first()).toContainText('nested-lock')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/docs\/errors\/nested-lock$/)
  await titled(page, 'nested-lock')
  await expect(options(page)).toHaveCount(0)

  await search(page).fill('zebra xylophone')
  await expect(page.getByText('Nothing found for “zebra xylophone”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('Nothing found')).toHaveCount(0)
  await expect(search(page)).toBeFocused()
  await expect(search(page)).toHaveValue('zebra xylophone')
  await page.keyboard.press('Escape')
  await expect(search(page)).toHaveValue('')
  await expect(search(page)).toBeFocused()
  expect(complaints(texts)).toEqual([])
})

test('a heading has an address of its own', async ({ page }) => {
  await page.goto('/docs/low-level#rules-of-the-lock')
  await expect(page.getByRole('heading', { name: 'Rules of the lock' })).toBeInViewport()
  await page.goto('/docs/no-such-page')
  await expect(page.getByText('There is no page here')).toBeVisible()
})

test('each page is there as Markdown, and llms.txt lists them', async ({ page, request }) => {
  await page.goto('/docs/state')
  await expect(page.getByRole('link', { name: 'This page as Markdown' })).toHaveAttribute('href', '/docs/state.md')
  for (const [path, start] of [
    ['/docs/state.md', '# State'],
    ['/docs/errors/nested-lock.md', '# nested-lock'],
    ['/docs.md', '# heldstate docs'],
    ['/llms.txt', '# heldstate'],
  ] as const) {
    const answer = await request.get(path)
    expect([path, answer.status(), (await answer.text()).slice(0, start.length)]).toEqual([path, 200, start])
  }
  expect((await request.get('/docs/no-such-page.md')).status()).toBe(404)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 } })

  test('the menu opens and closes, and no page is wider than the screen', async ({ page }) => {
    for (const path of [
      '/docs',
      '/docs/protocol',
      '/docs/errors',
      '/docs/errors/task-cancelled',
      '/docs/recipes/upload',
      '/docs/api',
      '/docs/how-it-works',
    ]) {
      await page.goto(path)
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect([path, excess <= 0]).toEqual([path, true])
    }
    const menu = page.getByRole('navigation', { name: 'Docs' })
    await expect(menu.getByRole('link', { name: 'Testing' })).toBeHidden()
    const opener = menu.getByRole('button', { name: 'All pages' })
    await expect(async () => {
      if ((await opener.getAttribute('aria-expanded')) === 'false') await opener.click() // once the page listens
      await expect(opener).toHaveAttribute('aria-expanded', 'true', { timeout: 500 })
    }).toPass()
    await menu.getByRole('link', { name: 'Testing' }).click()
    await titled(page, 'Testing')
    await expect(menu.getByRole('link', { name: 'Testing' })).toBeHidden()
  })
})
