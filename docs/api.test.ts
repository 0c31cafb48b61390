/** The page "API" names every export of every door, each option and each prop. `npx vitest run docs/api -u` writes it. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { fromSource } from '../lib/doors/exports.fixture.js'
import { taskOptions } from '../lib/state/task-options.js'
import { apiPage, doors, exportsOf } from './api.js'

const page = apiPage()
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

it('the page is that of the sources', async () => {
  await expect(page).toMatchFileSnapshot(at('api.md'))
})

it('it has each export of each door', () => {
  const missing = doors.flatMap(({ door }) => {
    const found = new Set(exportsOf(door).map(({ name, isType }) => (isType ? `type ${name}` : name)))
    return fromSource(at(`../lib/doors/${door}.ts`)).filter((name) => !found.has(name))
  })
  expect(missing).toEqual([])
  const names = doors.flatMap(({ door }) => exportsOf(door).map(({ name }) => name))
  expect(names.length).toBeGreaterThan(100)
  expect(names.filter((name) => !page.includes(name))).toEqual([])
})

it('it has each entry point of the package', () => {
  const { exports } = JSON.parse(readFileSync(at('../lib/package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }
  const entries = Object.keys(exports)
    .filter((name) => name !== './package.json')
    .map((name) => `heldstate${name.slice(1)}`)
  expect(entries.filter((name) => !new RegExp(`(^## |^- \`)${name}(\`|$)`, 'm').test(page))).toEqual([])
  const files = readdirSync(at('../lib/doors')).filter((name) => /^[a-z]+\.ts$/.test(name))
  const known = [...doors.map(({ door }) => `${door}.ts`), 'stub.ts', 'unconnected.ts']
  expect(files.filter((name) => !(known as readonly string[]).includes(name))).toEqual([])
})

it('it has each option of an event, a task and the hub', () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)\??` \|/gm)].map(([, name]) => name)
  const options = [
    ...taskOptions,
    'whenOffline',
    'request',
    'timeout',
    'optimistic',
    'addressOf',
    'words',
    'after',
  ].filter((name) => name !== 'input')
  expect(options.filter((name) => !rows.includes(name))).toEqual([])
})
