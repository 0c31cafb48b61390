import { expect, test } from '@playwright/test'
import { counterOf, open, reaches } from './demo'

test('two tabs of one browser never see each other’s values', async ({ context }) => {
  const [one, two] = [await context.newPage(), await context.newPage()]
  await open(one, '/background-tasks')
  await open(two, '/background-tasks')

  await one.getByLabel('Text').fill('one')
  await two.getByLabel('Text').fill('two')
  await one.getByRole('button', { name: 'Click me' }).click()
  await counterOf(one, 'Bookkeeping by hand').start.click()
  await reaches(counterOf(one, 'Bookkeeping by hand').count, 2)
  await counterOf(two, 'Without bookkeeping').max.fill('77')
  await expect(counterOf(two, 'Without bookkeeping').count).toHaveText('0 / 77')

  const isApart = async () => {
    await expect(one.locator('q')).toHaveText('one')
    await expect(one.getByText('clicks:')).toHaveText('clicks: 1')
    await expect(counterOf(one, 'Without bookkeeping').count).toHaveText('0 / 10')
    await expect(two.locator('q')).toHaveText('two')
    await expect(two.getByText('clicks:')).toHaveText('clicks: 0')
    await expect(counterOf(two, 'Bookkeeping by hand').count).toHaveText('0 / 10')
  }
  await isApart()
  await Promise.all([one.reload(), two.reload()])
  await isApart()
})
