import { expect, test } from '@playwright/test'
import { counterOf, idioms, numberIn, open, reaches, record } from './demo'

for (const idiom of idioms) {
  test(`${idiom}: Reset sets a running counter back, and it goes on`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('1000')
    const shown = await record(counter.count)
    await counter.start.click()
    await reaches(counter.count, 3)
    await counter.reset.click()
    await expect.poll(async () => backwards(await shown())).toBe(1)
    await reaches(counter.count, 2)
    await expect(counter.stop).toBeVisible()
  })

  test(`${idiom}: Max moves the goal of a running counter`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('1000')
    await counter.start.click()
    await reaches(counter.count, 1)
    await expect(counter.count).toHaveText(/ \/ 1000$/)
    await counter.max.fill('5')
    await expect(counter.count).toHaveText('5 / 5')
    await expect(counter.start).toBeVisible()
  })

  test(`${idiom}: Stop stops it where it is, and Start goes on from there`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('1000')
    await counter.start.click()
    await reaches(counter.count, 2)
    await counter.stop.click()
    await expect(counter.start).toBeVisible()
    await expect(counter.tasks).toHaveText('tasks running: 0')
    const stoppedAt = await numberIn(counter.count)

    // The other counter takes three steps; this one takes none.
    const other = counterOf(page, idiom === idioms[0] ? idioms[1] : idioms[0])
    await other.max.fill('3')
    await other.start.click()
    await expect(other.count).toHaveText('3 / 3')
    await expect(counter.count).toHaveText(`${stoppedAt} / 1000`)

    const shown = await record(counter.count)
    await counter.start.click()
    await reaches(counter.count, stoppedAt + 2)
    expect((await shown()).slice(0, 3)).toEqual([0, 1, 2].map((step) => `${stoppedAt + step} / 1000`))
  })
}

/** How often a record of `n / max` went down. */
function backwards(shown: readonly string[]): number {
  const counts = shown.map((text) => Number.parseInt(text, 10))
  return counts.filter((count, at) => count < (counts[at - 1] ?? 0)).length
}
