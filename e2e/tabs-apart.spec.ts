import { expect, test } from '@playwright/test'
import { counterOf, live, open, reaches } from './demo'

test('two tabs of one browser never see each other’s values', async ({ context }) => {
  const [one, two] = [await context.newPage(), await context.newPage()]
  await open(one, '/background-tasks')
  await open(two, '/background-tasks')

  await one.getByLabel('Text').fill('one')
  await two.getByLabel('Text').fill('two')
  await one.getByRole('button', { name: 'Click me' }).click()
  await counterOf(one, 'A block under the lock').start.click()
  await reaches(counterOf(one, 'A block under the lock').count, 2)
  await counterOf(two, 'A function under the lock').max.fill('77')
  await expect(counterOf(two, 'A function under the lock').count).toHaveText('0 / 77')

  const isApart = async () => {
    await expect(one.locator('q')).toHaveText('one')
    await expect(one.getByText('clicks:')).toHaveText('clicks: 1')
    await expect(counterOf(one, 'A function under the lock').count).toHaveText('0 / 10')
    await expect(two.locator('q')).toHaveText('two')
    await expect(two.getByText('clicks:')).toHaveText('clicks: 0')
    await expect(counterOf(two, 'A block under the lock').count).toHaveText('0 / 10')
  }
  await isApart()
  await Promise.all([one.reload(), two.reload()])
  await isApart()
})

test('a duplicated tab goes its own way', async ({ page }) => {
  await open(page, '/background-tasks')
  await page.getByLabel('Text').fill('original')
  await expect(page.locator('q')).toHaveText('original')

  // A window that a page opens gets a copy of its sessionStorage, as a duplicated tab does.
  const opened = page.waitForEvent('popup')
  await page.evaluate(() => void window.open(location.href))
  const duplicate = await opened
  await live(duplicate)
  await duplicate.getByLabel('Text').fill('duplicate')
  await expect(duplicate.locator('q')).toHaveText('duplicate')

  await counterOf(page, 'A function under the lock').start.click()
  await reaches(counterOf(page, 'A function under the lock').count, 2)
  await expect(page.locator('q')).toHaveText('original')
  await expect(counterOf(duplicate, 'A function under the lock').count).toHaveText('0 / 10')

  await Promise.all([page.reload(), duplicate.reload()])
  await expect(page.locator('q')).toHaveText('original')
  await expect(duplicate.locator('q')).toHaveText('duplicate')
})
