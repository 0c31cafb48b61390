import { expect, type Locator, test } from '@playwright/test'
import { counterOf, numberIn, open } from './demo'

test('typing, clicking and another counter answer while fifty background counters run', async ({ page }) => {
  await open(page, '/background-tasks')
  const meanwhile = page.getByRole('region', { name: 'Meanwhile' })
  const finished = meanwhile.getByText('finished:')
  await meanwhile.getByRole('button', { name: 'Start 50 counters' }).click()
  await stepsReach(meanwhile, 1)

  const sentence = 'The quick brown fox jumps over the lazy dog'
  await meanwhile.getByLabel('Text').pressSequentially(sentence)
  await expect(meanwhile.getByLabel('Text')).toHaveValue(sentence)
  await expect(meanwhile.locator('q')).toHaveText(sentence)

  for (let click = 1; click <= 12; click += 1) await meanwhile.getByRole('button', { name: 'Click me' }).click()
  await expect(meanwhile.getByText('clicks:')).toHaveText('clicks: 12')

  const counter = counterOf(page, 'A function under the lock')
  await counter.max.fill('2')
  await counter.start.click()
  await expect(counter.count).toHaveText('2 / 2')

  expect(await numberIn(finished), 'the fifty were still at it').toBeLessThan(50)
  await stepsReach(meanwhile, (await stepsOf(meanwhile)) + 1)
})

test('fifty counters in one tab all reach their end, and no step is lost', async ({ page }) => {
  test.setTimeout(120_000)
  await open(page, '/background-tasks')
  const meanwhile = page.getByRole('region', { name: 'Meanwhile' })
  await meanwhile.getByRole('button', { name: 'Start 50 counters' }).click()
  await expect(meanwhile.getByText('finished:')).toHaveText('finished: 50 of 50', { timeout: 100_000 })
  expect(await stepsOf(meanwhile)).toBe(50 * 100)
})

/** The steps that the fifty bars show, taken together. */
function stepsOf(meanwhile: Locator): Promise<number> {
  return meanwhile
    .getByRole('progressbar')
    .evaluateAll((bars) => bars.reduce((sum, bar) => sum + Number(bar.getAttribute('value')), 0))
}

async function stepsReach(meanwhile: Locator, least: number): Promise<void> {
  await expect.poll(() => stepsOf(meanwhile)).toBeGreaterThanOrEqual(least)
}
