/** How the specs find their way around the demo, and how they read what it shows. */
import { expect, type Locator, type Page } from '@playwright/test'

/** The two counters of the first demo, by the names of their sections. */
export const idioms = ['A block under the lock', 'A function under the lock'] as const

/** Opens a page of the demo and waits until it is live. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await live(page)
}

export async function live(page: Page): Promise<void> {
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Live')
}

/** One counter: its section, and what is in it. */
export function counterOf(page: Page, name: (typeof idioms)[number]) {
  const section = page.getByRole('region', { name })
  return {
    section,
    count: section.locator('output'),
    max: section.getByLabel('Max'),
    start: section.getByRole('button', { name: 'Start' }),
    stop: section.getByRole('button', { name: 'Stop' }),
    reset: section.getByRole('button', { name: 'Reset' }),
    tasks: section.getByText('tasks running:'),
    alert: section.getByRole('alert'),
  }
}

/** The first number that an element shows. */
export async function numberIn(locator: Locator): Promise<number> {
  const text = (await locator.textContent()) ?? ''
  return Number(/\d+/.exec(text)?.[0])
}

/** Waits until the first number that an element shows is at least `least`. */
export async function reaches(locator: Locator, least: number): Promise<void> {
  await expect.poll(() => numberIn(locator)).toBeGreaterThanOrEqual(least)
}

/** Records every text that an element shows from now on, also those too short-lived to be asked for. */
export async function record(locator: Locator): Promise<() => Promise<string[]>> {
  const seen = await locator.evaluateHandle((element) => {
    const texts = [element.textContent ?? '']
    new MutationObserver(() => texts.push(element.textContent ?? '')).observe(element, {
      characterData: true,
      childList: true,
      subtree: true,
    })
    return texts
  })
  return () => seen.jsonValue()
}
