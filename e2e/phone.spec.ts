import { expect, test } from '@playwright/test'

test.use({ viewport: { width: 360, height: 740 } })

for (const path of ['/', '/background-tasks', '/low-level', '/job', '/chat', '/form'])
  test(`${path} fits a phone of 360 pixels`, async ({ page }) => {
    await page.goto(path)
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(excess).toBeLessThanOrEqual(0)
  })
