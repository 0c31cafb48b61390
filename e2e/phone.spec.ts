import { expect, test } from '@playwright/test'
import { demos } from '../app/demos'

test.use({ viewport: { width: 360, height: 740 } })

for (const path of ['/', '/no-such-page', ...demos.map(({ href }) => href)])
  test(`${path} fits a phone of 360 pixels`, async ({ page }) => {
    await page.goto(path)
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(excess).toBeLessThanOrEqual(0)
  })

test('the counter and its first buttons are on the first screen of the home page', async ({ page }) => {
  await page.goto('/')
  const demo = page.getByRole('region', { name: 'Try it: a counter on the server' })
  for (const part of [demo.getByRole('progressbar'), demo.getByRole('button', { name: '+1' })])
    await expect(part).toBeInViewport({ ratio: 1 })
})
