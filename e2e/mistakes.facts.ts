/**
 * What is said of the mistakes that are easily made: in development Next's overlay and the terminal name the author's own
 * line, in production the page gets code and message. `builds.spec.ts` runs these facts on its servers.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, type Page, test } from '@playwright/test'
import { consoleOf, press } from './fixture'
import type { FixtureApp, Variant } from './fixture-app'

const outside = ['was changed outside the lock', 'Change state inside `await self.update((s) => { ... })`'] as const
const unstorable = ['mistakes.rows[0].at cannot hold an instance of URL', 'State can hold JSON values'] as const
const hidden = [/not this way/, /Visitors (will )?read:? "Something went wrong \(reference [0-9a-f]{8}\)\."/] as const
const held = [
  'The lock was not free within',
  'task "hold" of state "mistakes" has held it for at least',
  'Move slow work out of the lock, into a background task',
] as const
const misnamed = ['State "basket" is in a browser bundle', 'Name its file *.state.ts'] as const
const clientOnly = [
  'useServerState is a hook for client components, and a server component called it',
  /Put 'use client' in the first line of the file that calls it, or read the state with getState/,
] as const
const copies = [/heldstate 0\.1\.\d+/, 'heldstate 0.0.1', 'Install one version', 'npm ls heldstate'] as const

export function mistakeFacts({ bundler, mode }: Variant, app: () => FixtureApp): void {
  const state = 'mistakes.state.ts'

  if (mode === 'development')
    test('a state in a file of another name leads to its line', async ({ page }) => {
      await page.goto(`${app().url}/mistakes/wrong`)
      await isSaid(page, app(), 'wrong/basket.ts', "defineState('basket'", misnamed)
    })

  if (mode === 'development' && bundler === 'turbopack') {
    test('a write outside the lock leads to its line', async ({ page }) => {
      await open(page, app())
      await press(page, 'Outside')
      await expect(page.locator('q')).toContainText('immutable-state: "n" was changed outside the lock')
      await isSaid(page, app(), state, 'mine.n = 2', outside)
      await isUnharmed(page)
      app().edit(`app/mistakes/${state}`, (text) => text.replace('export', "console.info('edited')\n\nexport"))
      await expect(async () => {
        await page.getByRole('button', { name: 'Outside' }).dispatchEvent('click')
        await expect
          .poll(() => squeezed(app().output), { timeout: 1_000 })
          .toContain(frameOf(app(), state, 'mine.n = 2'))
      }).toPass()
    })

    test('what a visitor does not read leads to the line that threw it', async ({ page }) => {
      await open(page, app())
      await press(page, 'Fail')
      await expect(page.locator('em')).toHaveText(/^handler-failed: Something went wrong \(reference [0-9a-f]{8}\)\.$/)
      await isSaid(page, app(), state, "throw new Error('not this way')", hidden)
      await isUnharmed(page)
    })

    test('what cannot live in state leads to the line that put it in', async ({ page }) => {
      await open(page, app())
      await press(page, 'Put')
      await expect(page.locator('em')).toContainText('invalid-value: mistakes.rows[0].at cannot hold')
      await isSaid(page, app(), state, 's.rows.push(', unstorable)
      await isUnharmed(page)
    })

    test('a lock that is held too long leads to the line of who holds it', async ({ page }) => {
      await open(page, app())
      await press(page, 'Hold')
      await press(page, 'Add')
      await expect.poll(() => app().output).toContain(': task "hold" of state "mistakes"')
      expect(squeezed(app().output)).toContain(frameOf(app(), state, 'await update('))
      await expect(page.locator('em')).toContainText('lock-timeout: The lock was not free within 3300 ms')
      await isSaid(page, app(), state, 'await update(', held)
      await isUnharmed(page)
    })

    test('a hook in a server component leads to its line, and a component of the library renders there', async ({
      page,
    }) => {
      await page.goto(`${app().url}/mistakes/hooks`)
      await expect(page.getByRole('heading')).toHaveText('No hook was called')
      await expect(page.locator('[data-heldstate-connection]')).toHaveCount(1)
      await page.goto(`${app().url}/mistakes/hooks?called`)
      await isSaid(page, app(), 'hooks/page.tsx', 'useServerState(mistakes)', clientOnly)
    })

    test('two versions of the library lead to the line that uses the other one', async ({ page }) => {
      await page.goto(`${app().url}/mistakes/copies`)
      await isSaid(page, app(), 'copies/copies.tsx', 'useOther(mistakes)', copies)
      app().output = ''
      const answer = await page.request.post(slashed(`${app().url}/mistakes/copies/ask`))
      expect(answer.status()).toBe(500)
      for (const text of copies) expect(app().output).toMatch(text)
      expect(squeezed(app().output)).toContain(frameOf(app(), 'copies/ask/route.ts', 'await modifyState('))
    })
  }

  if (mode === 'production') {
    test('a server component renders a component of the library, and the log names the hook that it calls', async ({
      page,
    }) => {
      const { request } = page
      expect(await (await request.get(`${app().url}/mistakes/hooks`)).text()).toContain('data-heldstate-connection')
      app().output = ''
      const answer = await request.get(`${app().url}/mistakes/hooks?called`)
      expect(answer.status()).toBe(500)
      expect(await answer.text()).not.toContain(clientOnly[0])
      for (const text of clientOnly) await expect.poll(() => app().output).toMatch(text)
    })

    test('a visitor reads no words for developers, and the log has them', async ({ page }) => {
      const received: string[] = []
      page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(String(payload))))
      await open(page, app())
      const failure = page.locator('em')
      await press(page, 'Outside')
      await expect(page.locator('q')).toContainText('immutable-state: Something went wrong on the server.')
      await press(page, 'Put')
      await expect(failure).toHaveText('invalid-value: Something went wrong on the server.')
      await press(page, 'Fail') // of all of them it has the most to give away
      await expect(failure).toHaveText(/^handler-failed: Something went wrong \(reference [0-9a-f]{8}\)\.$/)
      const [reference] = /[0-9a-f]{8}/.exec((await failure.textContent()) ?? '') ?? []
      for (const text of [`(reference ${reference})`, 'not this way']) expect(app().output).toContain(text)
      expect(received.join('\n')).not.toContain('not this way')
      await press(page, 'Hold')
      await press(page, 'Add')
      await expect(failure).toHaveText('lock-timeout: The server is busy. Nothing was changed. Try again.')
      for (const text of [...outside, ...unstorable, ...held]) expect(app().output).toContain(text)
      await isUnharmed(page)
      expect(received.join('\n')).toContain('lock-timeout')
      expect(received.join('\n')).not.toMatch(inside)
    })

    test('a state in a file of another name, and two versions, are said without a path', async ({ page }) => {
      const errors: Error[] = []
      page.on('pageerror', (error) => errors.push(error))
      for (const [path, texts] of [
        ['wrong', misnamed],
        ['copies', copies],
      ] as const) {
        const console = consoleOf(page)
        await page.goto(`${app().url}/mistakes/${path}`)
        for (const text of texts) await expect.poll(() => console.join('\n')).toMatch(text)
        expect(console.join('\n')).not.toMatch(inside)
      }
      const answer = await page.request.post(`${app().url}/mistakes/copies/ask`)
      expect(answer.status()).toBe(500)
      expect(await answer.text()).not.toMatch(inside)
    })
  }
}

/** What would lead a stranger into the server: a place in its files, or a line of a stack. */
const inside = /\w\.state\.ts|\.tsx\b|server\/chunks|\/e2e\/| at \w+ \(/

const slashed = (url: string) => `${url}/`

async function open(page: Page, app: FixtureApp): Promise<void> {
  app.output = ''
  await page.goto(`${app.url}/mistakes`)
  await expect(page.getByRole('status')).toHaveText('live')
}

/** Nothing of the mistake is kept, and the state goes on. */
async function isUnharmed(page: Page): Promise<void> {
  const shown = page.locator('samp')
  await expect(page.locator('main')).toHaveAttribute('data-held', 'false')
  const [, n] = /^n (\d+) rows 0$/.exec((await shown.textContent()) ?? '') ?? []
  expect(n).toBe('1')
  await page.getByRole('button', { name: 'Add' }).dispatchEvent('click') // also below the overlay
  await expect(shown).toHaveText('n 2 rows 0')
}

/** Overlay and terminal have the sentences and the author's line. */
async function isSaid(
  page: Page,
  app: FixtureApp,
  file: string,
  code: string,
  texts: readonly (string | RegExp)[],
): Promise<void> {
  const place = file.split('/').at(-1) as string
  const overlay = page.locator('nextjs-portal').getByRole('dialog')
  const badge = page.locator('nextjs-portal [data-issues-open]')
  await expect(overlay.or(badge).first()).toBeVisible()
  if (!(await overlay.isVisible())) await badge.first().click()
  for (const text of [...texts, place]) await expect(overlay).toContainText(text)
  const frame = frameOf(app, file, code)
  await expect.poll(async () => squeezed((await overlay.textContent()) ?? '')).toContain(frame)
  for (const text of [...texts, place]) await expect.poll(() => app.output).toMatch(text)
  await expect.poll(() => squeezed(app.output)).toContain(frame)
}

/** The line as Next shows it in a frame of code, but for spaces. */
function frameOf(app: FixtureApp, file: string, code: string): string {
  const lines = readFileSync(join(app.dir, 'app/mistakes', file), 'utf8').split('\n')
  const index = lines.findIndex((line) => line.includes(code))
  return squeezed(`> ${index + 1} | ${lines[index]}`)
}

/** Without spaces and colours. */
const squeezed = (text: string) => stripVTControlCharacters(text).replaceAll(/\s+/g, '')
