import { expect, test } from '@playwright/test'
import { counterOf, idioms, open } from './demo'

for (const idiom of idioms) {
  test(`${idiom}: a Max that makes no sense is refused in words and changes nothing`, async ({ page }) => {
    await open(page, '/background-tasks')
    const counter = counterOf(page, idiom)
    await counter.max.fill('-5')
    await expect(counter.alert).toHaveText(/\w+ \w+ \w+/)
    await expect(counter.count).toHaveText('0 / 10')
    await counter.max.blur()
    await expect(counter.max).toHaveValue('10')

    await counter.max.fill('12')
    await expect(counter.alert).toBeHidden()
    await expect(counter.count).toHaveText('0 / 12')
  })
}
