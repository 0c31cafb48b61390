// @vitest-environment happy-dom
/** The component of the recipe on forms as it stands in its page, in a document. */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createElement, type FunctionComponent } from 'react'
import { afterAll, expect, it } from 'vitest'
import { openPage } from '../lib/react/page.fixture.js'
import type { ServerDefinition } from '../lib/state/define.js'
import { extract, writeSettings } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'docs/.examples-form')
rmSync(folder, { recursive: true, force: true })
writeSettings(root, folder)
const files = extract(root, 'docs/recipes/form.md', folder).map(({ file }) => file)
const moduleOf = (name: string) => import(/* @vite-ignore */ files.find((file) => file.endsWith(name)) ?? name)
const { guests } = (await moduleOf('/guests.state.ts')) as { guests: ServerDefinition }
afterAll(() => rmSync(folder, { recursive: true }))

async function shown(file: string, name: string) {
  const Page = (await moduleOf(file))[name] as FunctionComponent
  const page = openPage([guests])
  await page.show(createElement(Page))
  await page.live()
  const inputs = [...page.container.querySelectorAll<HTMLInputElement>('input, select, textarea')]
  expect(inputs.map(({ labels }) => labels?.length)).toEqual(inputs.map(() => 1))
  /** The message of each field that is wrong. */
  const messages = () =>
    Object.fromEntries(
      inputs
        .filter((input) => input.getAttribute('aria-invalid') === 'true')
        .map((input) => [
          input.name,
          document.getElementById(String(input.getAttribute('aria-describedby')))?.textContent,
        ]),
    )
  const fill = (values: Readonly<Record<string, string>>) => {
    for (const input of inputs) input.value = values[input.name] ?? input.value
  }
  const saying = (role: string) => page.container.querySelector(`[role=${role}]`)?.textContent
  return { ...page, messages, fill, saying }
}

it('its form has a label and a message for each field, says what is wrong with the whole, and invites', async () => {
  const { click, fill, messages, saying, tab } = await shown('/guests.tsx', 'Guests')
  await click('button')
  expect(messages()).toEqual({ name: 'Say your name.', mail: 'This is no e-mail address.' })
  fill({ name: 'Ann', mail: 'ann@example.org', seats: '9' })
  await click('button')
  expect(messages()).toEqual({ seats: 'Eight at most.' })
  fill({ seats: '8' })
  await click('button')
  expect([messages(), saying('alert'), saying('status')]).toEqual([{}, '', 'Invited. 2 seats are left.'])
  expect(tab.state(guests)).toMatchObject({ names: ['Ann'] })
  fill({ name: 'Ann', mail: 'ann@example.org' })
  await click('button')
  expect(messages()).toEqual({ mail: 'This address is on the list already.' })
  fill({ mail: 'bob@example.org', seats: '3' })
  await click('button')
  expect([messages(), saying('alert')]).toEqual([{}, 'There are 2 seats left.'])
})

it('its form with useActionState shows at the form what has no field', async () => {
  const { click, messages, saying } = await shown('/guests-with-action-state.tsx', 'ShortGuests')
  await click('button')
  expect(messages()).toEqual({ name: 'Say your name.' })
  expect(saying('alert')?.split('\n')).toEqual([
    'mail: This is no e-mail address.',
    'seats: Say a number.',
    'meal: Choose a meal.',
  ])
})
