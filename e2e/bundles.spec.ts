import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'

/** Files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

const texts = (folder: string) =>
  filesIn(folder)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

test('what a state module says in its handlers is in the server bundles and in no browser bundle', () => {
  const { project } = test.info()
  test.skip(project.name !== 'production', 'looks at the production build')
  const modules = filesIn('app').filter((file) => file.endsWith('.state.ts'))
  const templates = modules.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? ''),
  )
  const strings = templates.flatMap((text) => text.split(/\$\{[^}]*\}/)).filter((text) => text.length > 8)
  const server = texts('.next/server')
  const browser = texts('.next/static')
  const inServer = strings.filter((text) => server.includes(text))
  expect(inServer.length).toBeGreaterThan(0)
  expect(inServer.filter((text) => browser.includes(text))).toEqual([])
})
