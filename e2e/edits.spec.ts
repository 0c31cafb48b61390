/** What an edit of the app does while it is open in development: with Turbopack, and by `EDITS=all` with webpack too, which takes two minutes more. */
import { expect, test } from '@playwright/test'
import { adds, compileFixture, counts, openFixture, press, shown, size, ticks, variants } from './fixture'
import { FixtureApp } from './fixture-app'

const state = 'app/counter.state.ts'
const component = 'app/counter.tsx'

const isMeant = ({ bundler, mode }: (typeof variants)[number]) =>
  mode === 'development' && (bundler === 'turbopack' || process.env.EDITS === 'all')

for (const variant of variants.filter(isMeant)) {
  test.describe(variant.bundler, () => {
    let app: FixtureApp

    test.beforeAll(async ({ browser }) => {
      test.setTimeout(270_000)
      app = new FixtureApp(variant, `${variant.bundler}-edits`)
      await app.start()
      await compileFixture(browser, app)
    })
    test.afterAll(() => app?.stop())

    test.beforeEach(async ({ page }) => {
      await expect(async () => {
        await openFixture(page, app)
        await adds(page, 1, 2_000) // else the edit of the last test is still there
      }).toPass()
      await page.evaluate(() => Object.assign(window, { notReloaded: true }))
    })
    test.afterEach(() => app.restore())

    /** An edit is seen by the next click once the bundler has noticed it. */
    const untilNoticed = () => new Promise((resolve) => setTimeout(resolve, 400))

    test('a handler is new at the next click; values and a running task stay, unless it is to start again', async ({
      page,
    }) => {
      await press(page, 'Begin')
      await expect.poll(() => ticks(page)).toBeGreaterThan(2)
      app.edit(state, (text) => text.replace('s.n += 1', 's.n += 10'))
      await untilNoticed()
      const before = await ticks(page)
      await adds(page, 10)
      await expect.poll(() => ticks(page)).toBeGreaterThan(before + 2)
      app.edit(state, (text) =>
        text.replace("'single' }", "'single', restartOnEdit: true }").replace('ticks += 1', 'ticks += 1000'),
      )
      await untilNoticed()
      await adds(page, 10)
      await expect.poll(() => ticks(page)).toBeGreaterThan(2_000)
      expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
    })

    test('an event is added, and used in the page without a reload', async ({ page }) => {
      const n = await size(page)
      app.edit(state, (text) => text.replace('    begin: on(', '    triple: on((s) => { s.n *= 3 }),\n    begin: on('))
      app.edit(component, (text) =>
        text.replace('<button', '<button type="button" onClick={() => c.triple()}>Triple</button><button'),
      )
      await press(page, 'Triple')
      await counts(page, 3 * n)
      expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
    })

    test('a syntax error is shown beside the old code at work, and mending it brings the new to the same page', async ({
      page,
    }) => {
      test.setTimeout(180_000)
      const overlay = page.locator('nextjs-portal').getByRole('dialog')
      const n = await size(page)
      app.edit(state, (text) => text.replace('s.n += 1', 's.n += 10 +'))
      await expect(overlay).toContainText(
        'counter.state.ts cannot be used: Invalid assignment target (line 30: s.n += 10 +)',
      )
      await page.getByRole('button', { name: 'Add' }).dispatchEvent('click')
      await expect.poll(() => app.output).toContain('The state modules could not be loaded')
      // after an error, webpack's client asks for the page again, and Next puts its page for errors in its place meanwhile
      if (variant.bundler === 'turbopack') await counts(page, n + 1)
      app.edit(state, (text) => text.replace('s.n += 10 +', 's.n += 10'))
      await expect(overlay).toBeHidden()
      if (variant.bundler === 'turbopack') await counts(page, n + 1)
      else
        await expect(async () => {
          // Next's page for errors does not always come back by itself, so a person reloads it
          if ((await shown(page).count()) === 0) await page.reload()
          await counts(page, n + 1, 5_000)
        }).toPass({ timeout: 60_000 })
      await untilNoticed()
      await adds(page, 10)
      if (variant.bundler === 'turbopack') expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
    })

    test('a page is edited beside the socket', async ({ page }) => {
      app.edit(component, (text) => text.replace(' ticks ', ' beats '))
      await expect(shown(page)).toContainText('beats')
      await adds(page, 1)
      expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
    })

    test('a constant of another file is a new first value', async ({ page }) => {
      app.edit('app/first.ts', (text) => text.replace('= 5', '= 50'))
      await expect(async () => {
        const html = await (await page.request.get(`${app.url}/`)).text()
        expect(html).toContain('size 50')
      }).toPass()
    })

    for (const [place, name] of [
      ['beside others', 'app/other'],
      ['in the root of the project', 'root'],
      ['in a folder that is new itself', 'fresh/deep/inner'],
    ] as const)
      test(`a new state module is found ${place}`, async ({ page }) => {
        const id = name.replaceAll('/', '.')
        app.edit(component, (text) =>
          text
            .replace(`'use client'`, `'use client'\nimport { other } from '@/${name}.state'`)
            .replace('const { status', 'const o = useServerState(other)\n  const { status')
            .replace('<button', `<button type="button" onClick={() => o.turn()}>${id} {o.m}</button><button`),
        )
        if (name !== 'app/other') await untilNoticed() // no edit comes after it that would make the bundler look
        app.write(`${name}.state.ts`, moduleOf(id))
        await press(page, `${id} 1`)
        await expect(page.getByRole('button', { name: `${id} 2` })).toBeVisible()
      })
  })
}

const moduleOf = (id: string) => `
  import { defineState } from 'heldstate'
  export const other = defineState('${id}', () => ({ m: 1 })).events((on) => ({ turn: on((s) => { s.m += 1 }) }))
`
