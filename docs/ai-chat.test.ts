// @vitest-environment happy-dom
/** The component of the recipe on the AI SDK as it stands in its page, in a document. */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createElement, type FunctionComponent } from 'react'
import { afterAll, expect, it } from 'vitest'
import { openPage, pageOf } from '../lib/react/page.fixture.js'
import type { ServerDefinition } from '../lib/state/define.js'
import { extract, writeSettings } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'docs/.examples-ai-chat')
rmSync(folder, { recursive: true, force: true })
writeSettings(root, folder)
const files = extract(root, 'docs/recipes/ai-chat.md', folder).map(({ file }) => file)
const moduleOf = (name: string) => import(/* @vite-ignore */ files.find((file) => file.endsWith(name)) ?? name)
const { chat } = (await moduleOf('/chat.state.ts')) as { chat: ServerDefinition }
const { Chat } = (await moduleOf('/chat.tsx')) as { Chat: FunctionComponent }
const { model } = (await moduleOf('/model.ts')) as { model: { doStreamCalls: { abortSignal: AbortSignal }[] } }
afterAll(() => rmSync(folder, { recursive: true }))

async function shown(page = openPage([chat])) {
  const root = await page.show(createElement(Chat))
  await page.live()
  const texts = () => [...page.container.querySelectorAll('p')].map(({ textContent }) => textContent)
  const button = () => page.container.querySelector('button')?.textContent
  const until = async (isSo: () => boolean) => {
    for (const end = Date.now() + 10_000; !isSo(); await page.advance(20)) {
      if (Date.now() > end) throw new Error(`It never came to that: ${page.container.innerHTML}`)
      await page.acting(() => new Promise((resolve) => setTimeout(resolve, 2)))
    }
  }
  const ask = async (text: string) => {
    const input = page.container.querySelector('input')
    if (input) input.value = text
    await page.click('button')
  }
  return { ...page, root, texts, button, until, ask }
}

it('its page shows an answer that grows, goes on with it after a reload, and stops it', async () => {
  const first = await shown()
  await first.ask('Hello')
  await first.until(() => (first.texts()[1] ?? '').length > 3)
  expect([first.texts()[0], first.button()]).toEqual(['Hello', 'Stop'])
  await first.acting(async () => first.root.unmount())
  first.tab.wire.cut()
  const { ask, until, texts, button, click } = await shown(pageOf(first.kit, first.tab))
  await until(() => button() === 'Ask' && texts().length === 2)
  expect(texts()).toEqual(['Hello', 'You said 1 things.'])
  await ask('And?')
  await until(() => (texts()[3] ?? '').length > 3)
  expect(button()).toBe('Stop')
  await click('button')
  await until(() => button() === 'Ask')
  await until(() => model.doStreamCalls[1]?.abortSignal.aborted === true)
  expect(texts()[3]).not.toBe('You said 3 things.')
})

it('its page says why a message was refused', async () => {
  const { ask, until, texts } = await shown()
  await ask(' ')
  await until(() => texts().length === 2)
  expect(texts()[1]).toMatch(/too small/i)
})
