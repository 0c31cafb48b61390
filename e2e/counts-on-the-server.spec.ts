import { expect, test } from '@playwright/test'
import { counterOf, idioms, open, reaches } from './demo'

for (const idiom of idioms) {
  test(`${idiom}: the counter counts up to its max and stops there`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await expect(counter.count).toHaveText('0 / 10')
    await counter.max.fill('4')
    await expect(counter.count).toHaveText('0 / 4')

    await counter.start.click()
    await expect(counter.stop).toBeVisible()
    await expect(counter.count).toHaveText('4 / 4')
    await expect(counter.start).toBeVisible()
    await expect(counter.tasks).toHaveText('tasks running: 0')
  })

  test(`${idiom}: the counter goes on while no page is there to see it`, async ({ page, context }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('6')
    await counter.start.click()
    await expect(counter.stop).toBeVisible()
    await page.goto('about:blank')

    // A second tab tells the time: its counter starts later and has as far to go.
    const clock = await context.newPage()
    await open(clock, '/background-tasks')
    const later = counterOf(clock, idiom)
    await later.max.fill('7')
    await later.start.click()
    await expect(later.count).toHaveText('7 / 7')

    await open(page, '/background-tasks')
    await expect(counter.count).toHaveText('6 / 6')
    await expect(counter.start).toBeVisible()
  })

  test(`${idiom}: a reload shows the same counter, still counting`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('8')
    await counter.start.click()
    await reaches(counter.count, 2)
    await page.reload()
    await expect(counter.stop).toBeVisible()
    await expect(counter.count).toHaveText('8 / 8')
    await expect(counter.start).toBeVisible()
  })
}
