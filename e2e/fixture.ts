/** How the specs of the fixture find their way around its page. */
import { type Browser, type ConsoleMessage, expect, type Page } from '@playwright/test'
import type { FixtureApp, Variant } from './fixture-app'

export const turbopackBuild: Variant = {
  bundler: 'turbopack',
  mode: 'production',
  basePath: '/shop',
  mistakes: true,
}

/** All ways of building an app; base path and trailing slash are spread over them. */
export const variants: readonly Variant[] = [
  turbopackBuild,
  { bundler: 'webpack', mode: 'production', trailingSlash: true },
  { bundler: 'turbopack', mode: 'development', trailingSlash: true, mistakes: true },
  { bundler: 'webpack', mode: 'development', basePath: '/shop', trailingSlash: true, mistakes: true },
]

export async function openFixture(page: Page, app: FixtureApp): Promise<void> {
  await page.goto(`${app.url}/`)
  await expect(page.getByRole('status')).toHaveText('live')
}

/** Waits for the first compilation in development, which takes a minute where other work goes on: no test has to be that patient. */
export async function compileFixture(browser: Browser, app: FixtureApp): Promise<void> {
  const page = await browser.newPage()
  await page.goto(`${app.url}/`, { timeout: 120_000 })
  await expect(page.getByRole('status')).toHaveText('live', { timeout: 120_000 })
  await page.close()
}

export const shown = (page: Page) => page.locator('samp')

export const press = (page: Page, name: string) => page.getByRole('button', { name }).click()

const numberAfter = async (page: Page, word: string) =>
  Number(new RegExp(`${word} (\\d+)`).exec((await shown(page).textContent()) ?? '')?.[1])

export const size = (page: Page) => numberAfter(page, 'size')
export const ticks = (page: Page) => numberAfter(page, 'ticks')

/** Waits until the page shows a counter of `n`. */
export const counts = (page: Page, n: number, timeout = 20_000) =>
  expect(shown(page)).toContainText(`size ${n} `, { timeout })

/** One press of Add, also below Next's overlay, and what it adds. */
export async function adds(page: Page, step: number, timeout?: number): Promise<void> {
  const before = await size(page)
  await page.getByRole('button', { name: 'Add' }).dispatchEvent('click')
  await counts(page, before + step, timeout)
}

/** What the page writes to its console and throws, from now on. */
export function consoleOf(page: Page): readonly string[] {
  const texts: string[] = []
  page.on('console', (message: ConsoleMessage) => texts.push(message.text()))
  page.on('pageerror', (error) => texts.push(error.message))
  return texts
}
