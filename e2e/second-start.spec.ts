import { expect, test } from '@playwright/test'
import { counterOf, open, record } from './demo'

test('a double click on Start joins the run: one task counts, and nothing fails', async ({ page }) => {
  await open(page, '/background-tasks')
  const counter = counterOf(page, 'A function under the lock')
  await counter.max.fill('5')
  await expect(counter.count).toHaveText('0 / 5')
  const [counts, tasks] = [await record(counter.count), await record(counter.tasks)]

  // Both clicks in one go, before the page can know that the first has started something.
  await counter.start.evaluate((button: HTMLButtonElement) => {
    button.click()
    button.click()
  })
  await expect(counter.count).toHaveText('5 / 5')
  await expect(counter.tasks).toHaveText('tasks running: 0')
  await expect(counter.alert).toHaveCount(0)
  expect(await counts()).toEqual([0, 1, 2, 3, 4, 5].map((count) => `${count} / 5`))
  expect(new Set(await tasks())).toEqual(new Set(['tasks running: 0', 'tasks running: 1']))
})

test('Start, Stop, Start in a row leaves one task counting', async ({ page }) => {
  await open(page, '/background-tasks')
  const counter = counterOf(page, 'A block under the lock')
  await counter.max.fill('6')
  await expect(counter.count).toHaveText('0 / 6')
  await counter.start.click()
  await counter.stop.click()
  await counter.start.click()
  await expect(counter.tasks).toHaveText('tasks running: 1')
  const [counts, tasks] = [await record(counter.count), await record(counter.tasks)]
  await expect(counter.count).toHaveText('6 / 6')
  await expect(counter.tasks).toHaveText('tasks running: 0')
  const seen = (await counts()).map((text) => Number.parseInt(text, 10))
  expect(seen).toEqual(seen.map((_, at) => (seen[0] ?? 0) + at))
  expect(await tasks()).not.toContain('tasks running: 2')
})
