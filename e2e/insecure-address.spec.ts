/**
 * A page at a LAN address or an intranet name over plain http is no secure context: browsers leave out `crypto.randomUUID`,
 * Web Locks and more there. `localhost` hides that, so the spec maps a name of its own to this machine.
 */
import { expect, test } from '@playwright/test'
import { counterOf, live, reaches } from './demo'

const host = 'intranet.test'

test.use({
  launchOptions: async ({ launchOptions }, use) =>
    use({ ...launchOptions, args: [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${host} 127.0.0.1`] }),
})

test('a page at an address that is no secure context works', async ({ page, baseURL }) => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`http://${host}:${new URL(baseURL as string).port}/background-tasks`)
  expect(await page.evaluate(() => [isSecureContext, 'randomUUID' in crypto])).toEqual([false, false])
  await live(page)
  await page.getByRole('button', { name: 'Click me' }).click()
  await expect(page.getByText('clicks:')).toHaveText('clicks: 1')
  await counterOf(page, 'A function under the lock').start.click()
  await reaches(counterOf(page, 'A function under the lock').count, 2)
  await page.reload()
  await expect(page.getByText('clicks:')).toHaveText('clicks: 1')
  expect(errors).toEqual([])
})
