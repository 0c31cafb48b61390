import { expect, test } from '@playwright/test'

test.use({ javaScriptEnabled: false })

test('the HTML shows the first values before any script has run', async ({ page }) => {
  await page.goto('/background-tasks')
  const counts = page.locator('output')
  await expect(counts).toHaveText(['0 / 10', '0 / 10'])
  await expect(page.getByLabel('Max').first()).toHaveValue('10')
  await expect(page.getByText('clicks:')).toHaveText('clicks: 0')
  await expect(page.getByText('finished:')).toHaveText('finished: 0 of 50')

  await page.goto('/job')
  await expect(page.getByText('Ready: 40 rows')).toBeVisible()
  await page.goto('/form')
  await expect(page.getByText('10 of 10 seats are free')).toBeVisible()
  await page.goto('/chat')
  await expect(page.getByText('ready', { exact: true })).toBeVisible()
  await page.goto('/low-level')
  await expect(page.getByText('No rows yet.')).toBeVisible()
})
