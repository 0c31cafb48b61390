/** Every example of the README and the docs compiles, and those of the server run. */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isServerDefinition } from '../lib/state/define.js'
import { testHub } from '../lib/testing/kit.js'
import { extract, pagesOf, writeSettings } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'docs/.examples')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const pages = pagesOf(root).map((page) => ({ page, examples: extract(root, page, folder) }))
const settings = writeSettings(root, folder)

it('all examples compile', { timeout: 120_000 }, async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', settings, '--noEmit'], {
    cwd: folder,
  }).catch((error) => error)
  const complaints = stdout.split('\n').filter((line: string) => line !== '' && !line.startsWith('../../lib/'))
  expect(complaints, 'the library has settings of its own').toEqual([])
})

for (const { page, examples } of pages)
  describe.runIf(examples.some(({ kind }) => kind !== 'compiled'))(`the examples of ${page}`, async () => {
    for (const { file, line, kind } of examples) {
      if (kind === 'script') it(`that of line ${line} says what comes out`, () => import(/* @vite-ignore */ file))
      if (kind === 'state') it(`the states of line ${line} open in a tab`, () => opens(file))
      if (kind === 'test') await import(/* @vite-ignore */ file)
    }
  })

async function opens(file: string): Promise<void> {
  const definitions = Object.values(await import(/* @vite-ignore */ file)).filter(isServerDefinition)
  expect(definitions, 'a state module exports definitions').not.toEqual([])
  const { open, log } = testHub(definitions)
  const tab = await open()
  for (const definition of definitions) await tab.watch(definition)
  expect(tab.connection).toBe('live')
  expect([...log.lines, ...tab.reports]).toEqual([])
}
