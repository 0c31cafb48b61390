import { expect, test } from '@playwright/test'
import { open } from './demo'

test('a detached promise fetches rows and the page shows them', async ({ page }) => {
  await open(page, '/low-level')
  await page.getByRole('button', { name: 'Fetch data' }).click()
  await expect(page.getByText('Loading…')).toBeVisible()
  await expect(page.getByRole('row')).toHaveText(['City°C', 'Bergen7', 'Lisbon19', 'Nairobi24', 'Wellington13'])
  await expect(page.getByText('Loading…')).toBeHidden()
})

test('a failed fetch is shown, and the next one that works takes its place', async ({ page }) => {
  await open(page, '/low-level')
  const rows = page.getByRole('region', { name: 'Rows' })
  await page.getByRole('button', { name: 'Ask a broken server' }).click()
  await expect(rows.getByRole('alert')).toHaveText('The weather service answered 503.')
  await page.getByRole('button', { name: 'Fetch data' }).click()
  await expect(page.getByRole('row')).toHaveCount(5)
  await expect(rows.getByRole('alert')).toBeHidden()
})

test('rows that arrive while the page is away are there when it comes back', async ({ page }) => {
  await open(page, '/low-level')
  await page.getByRole('button', { name: 'Fetch data' }).click()
  await expect(page.getByText('Loading…')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('row')).toHaveCount(5)
})
