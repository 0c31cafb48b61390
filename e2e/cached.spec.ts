/**
 * An app with `cacheComponents`, as create-next-app makes it: with the provider in a layout, nothing is wrong in the build,
 * in the console or in the terminal, soft navigations to its page included, and a reload shows no first values.
 */
import { expect, test } from '@playwright/test'
import { consoleOf, press, shown } from './fixture'
import { FixtureApp } from './fixture-app'
import { textsShown, watchTexts } from './painted.facts'

/** The build takes a minute: `npm run apps` has it. */
const modes = process.env.LONG ? (['development', 'production'] as const) : (['development'] as const)

for (const mode of modes)
  test.describe(mode, () => {
    let app: FixtureApp

    test.beforeAll(async () => {
      test.setTimeout(150_000)
      app = new FixtureApp({ app: 'cached', bundler: 'turbopack', mode }, `cached-${mode}`)
      if (mode === 'production') await app.build()
      await app.start()
    })
    test.afterAll(() => app?.stop())

    test('soft navigations below the provider and reloads of its page are clean', async ({ page }) => {
      test.setTimeout(120_000) // development compiles first
      await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }))
      const complaints = consoleOf(page)
      const live = () => expect(page.getByRole('status')).toHaveText('live', { timeout: 40_000 })
      await page.goto(`${app.url}/counter`)
      await live()
      await press(page, 'Add')
      await expect(shown(page)).toHaveText('size 1')
      await watchTexts(page)
      for (let again = 0; again < 2; again += 1) {
        await page.reload()
        await live()
        await expect(page.getByText('server sees 1')).toBeVisible()
        expect(await textsShown(page)).toEqual(['size 1'])
      }
      for (let again = 0; again < 3; again += 1) {
        await page.getByRole('link', { name: 'Home' }).click()
        await page.getByRole('link', { name: 'Counter' }).click()
        await expect(shown(page)).toHaveText('size 1')
        await expect(page.getByText('server sees 1')).toBeVisible()
        await page.waitForTimeout(500) // Next checks a navigation in the background
      }
      expect(complaints.filter((text) => /hydrat|warn|error|unstable/i.test(text))).toEqual([])
      expect(app.output).not.toMatch(/error|unstable|⨯|warn/i)
    })
  })
