import { expect, type Locator, test } from '@playwright/test'
import { counterOf, numberIn, open, reaches } from './demo'

test('typing, clicking and another counter answer while fifty background counters run', async ({ page }) => {
  await open(page, '/background-tasks')
  const meanwhile = page.getByRole('region', { name: 'Meanwhile' })
  const finished = meanwhile.getByText('finished:')
  await meanwhile.getByRole('button', { name: 'Start 50 counters' }).click()
  const first = meanwhile.getByRole('progressbar').first()
  await reachesValue(first, 1)

  const sentence = 'The quick brown fox jumps over the lazy dog'
  await meanwhile.getByLabel('Text').pressSequentially(sentence)
  await expect(meanwhile.getByLabel('Text')).toHaveValue(sentence)
  await expect(meanwhile.locator('q')).toHaveText(sentence)

  for (let click = 1; click <= 12; click += 1) await meanwhile.getByRole('button', { name: 'Click me' }).click()
  await expect(meanwhile.getByText('clicks:')).toHaveText('clicks: 12')

  const counter = counterOf(page, 'Without bookkeeping')
  await counter.max.fill('2')
  await counter.start.click()
  await expect(counter.count).toHaveText('2 / 2')

  expect(await numberIn(finished), 'the fifty were still at it').toBeLessThan(50)
  const soFar = Number(await first.getAttribute('value'))
  await reachesValue(first, soFar + 1)
})

test('fifty counters in one tab all reach their end, and no step is lost', async ({ page }) => {
  await open(page, '/background-tasks')
  const meanwhile = page.getByRole('region', { name: 'Meanwhile' })
  await meanwhile.getByRole('button', { name: 'Start 50 counters' }).click()
  const finished = meanwhile.getByText('finished:')
  await reaches(finished, 1)
  await expect(finished).toHaveText('finished: 50 of 50', { timeout: 50_000 })
  const values = await meanwhile
    .getByRole('progressbar')
    .evaluateAll((bars) => bars.map((bar) => bar.getAttribute('value')))
  expect(values).toEqual(Array(50).fill('100'))
})

async function reachesValue(bar: Locator, least: number): Promise<void> {
  await expect.poll(async () => Number(await bar.getAttribute('value'))).toBeGreaterThanOrEqual(least)
}
