/** What people meet who see, hear, read or press in another way: axe on every page, keys, contrast themes, right to left, paper. */
import { readFileSync } from 'node:fs'
import { expect, type Page, test } from '@playwright/test'
import type { AxeResults } from 'axe-core'
import { paths } from '../app/paths'
import { live, open } from './demo'

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

/** What axe finds wrong: each rule with the first elements that break it. Colours alone change with the scheme, and not with the width. */
async function faults(
  page: Page,
  colours: 'and colours' | 'colours alone' | 'but colours',
  leftOut: string[],
): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(
    ([colours, leftOut]) => {
      const { axe } = globalThis as unknown as { axe: { run(context: object, options: object): Promise<AxeResults> } }
      const options =
        colours === 'colours alone'
          ? { runOnly: ['color-contrast'] }
          : { rules: { 'color-contrast': { enabled: colours === 'and colours' } } }
      return axe.run({ exclude: leftOut }, options)
    },
    [colours, leftOut] as const,
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 150))}`)
}

const docs = ['/docs', '/docs/background-tasks', '/docs/api', '/docs/errors', '/docs/errors/nested-lock']
const pages = paths().filter((path) => !path.startsWith('/docs'))
/** All of them with LONG=1; without, those that differ most. */
const looked = process.env.LONG
  ? [...pages, ...docs, '/no-such-page', '/docs/no-such-page']
  : ['/', '/torture', '/job', '/examples/dashboard', '/docs', '/docs/no-such-page']

for (const path of looked)
  test(`axe finds nothing on ${path}: light, dark, and on a phone`, async ({ page }) => {
    await page.goto(path)
    if (!/docs|no-such/.test(path)) await live(page)
    const leftOut = path === '/docs' ? [] : ['pre code'] // code has the same colours everywhere, a span for each word
    for (const [scheme, width, height, colours] of [
      ['light', 1280, 800, 'and colours'],
      ['dark', 1280, 800, 'colours alone'],
      ['light', 360, 740, 'but colours'],
    ] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      expect([scheme, width, await faults(page, colours, leftOut)]).toEqual([scheme, width, []])
    }
  })

test('a keyboard reaches the text at once, and only the code that is wider than its place', async ({ page }) => {
  await page.goto('/docs/background-tasks')
  const article = page.locator('article')
  const blocks = () =>
    article.locator('[data-scrolls]').evaluateAll((all) => ({
      all: all.length,
      stops: all.filter((block) => block.hasAttribute('tabindex')).length,
      wide: all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length,
    }))
  await expect.poll(async () => (await blocks()).stops).toBeGreaterThan(0)
  const { all, stops, wide } = await blocks()
  expect([stops, stops < all / 3]).toEqual([wide, true])
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(article).toBeFocused()
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('article') !== null)).toBe(true)

  await page.setViewportSize({ width: 360, height: 740 })
  const code = article.getByRole('group', { name: 'Code: app/import.state.ts' })
  await expect(code).toHaveAttribute('tabindex', '0')
})

test('code is copied without its tab, and a reader hears that it was', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/docs/state')
  const block = page.locator('figure.code').first()
  await expect(block.locator('figcaption')).toHaveText('app/cart.state.ts')
  await block.getByRole('button', { name: 'Copy' }).click()
  await expect(page.locator('.notice')).toHaveText('Copied.')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^import \{ defineState \} from 'heldstate'\n/,
  )
  await expect(page.locator('.notice')).toHaveText('')
})

test('a chosen theme stays, and is there before the page is painted', async ({ page }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/docs')
  const light = await ground()
  await page.getByLabel('Theme').selectOption('Dark')
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.route('**/_next/**/*.js', (route) => route.abort()) // nothing of React runs
  await page.reload()
  expect(await ground()).toBe(dark)
  await page.unroute('**/_next/**/*.js')
  await page.reload()
  await page.getByLabel('Theme').selectOption('As the system')
  expect(await ground()).toBe(light)
})

test('a theme of contrast shows bars, the connection and what cannot be pressed; from right to left the header turns round', async ({
  page,
}) => {
  await page.emulateMedia({ forcedColors: 'active' })
  await open(page, '/background-tasks')
  const bar = page.getByRole('progressbar').first()
  expect(await bar.evaluate((element) => getComputedStyle(element).borderTopWidth)).toBe('1px')
  const dot = (element: Element) => getComputedStyle(element, '::before').borderTopWidth
  expect(await page.locator('.connection').evaluate(dot)).toBe('2px')
  const colour = (name: string) =>
    page.getByRole('button', { name, exact: true }).evaluate((button) => getComputedStyle(button).color)
  expect(await colour('Cancel all')).not.toBe(await colour('Click me'))

  await page.evaluate(() => {
    document.documentElement.dir = 'rtl'
  })
  const [brand, status] = await Promise.all(
    ['.brand', '.connection'].map((selector) => page.locator(selector).boundingBox()),
  )
  expect(status?.x).toBeLessThan(brand?.x ?? 0)
  expect(status?.x).toBeLessThan(200)
})

test('on paper there is the text alone, and no code is cut off', async ({ page }) => {
  await page.goto('/docs/state')
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 700, height: 1000 })
  await expect(page.getByRole('banner')).toBeHidden()
  await expect(page.getByRole('navigation', { name: 'Docs' })).toBeHidden()
  const cut = await page
    .locator('pre')
    .evaluateAll((blocks) => blocks.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1).length)
  expect(cut).toBe(0)
})
