import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadApp, loadModules, loadStub } from './loaders.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'heldstate-loaders-')))
afterAll(() => rmSync(root, { recursive: true }))

mkdirSync(join(root, 'app'))
writeFileSync(join(root, 'app/limit.ts'), 'export const limit = 7\n')
const source = `
  import { defineState } from 'heldstate'
  import { limit } from './limit'
  export const counter = defineState('counter', () => ({ n: limit })).events((on) => ({ add: on((s) => { s.n += 1 }) }))
`
writeFileSync(join(root, 'app/counter.state.ts'), source)

function context(resourcePath: string) {
  const files: string[] = []
  const directories: string[] = []
  const warnings: string[] = []
  return {
    files,
    warnings,
    directories,
    resourcePath,
    rootContext: root,
    getOptions: () => ({ packages: [], zone: '/shop' }),
    addDependency: (file: string) => void files.push(file),
    addContextDependency: (directory: string) => void directories.push(directory),
    emitWarning: (warning: Error) => void warnings.push(String(warning)),
  }
}

test('a state module becomes its stub, made again when a file changes that its first values came from', () => {
  const loading = context(join(root, 'app/counter.state.ts'))
  expect(loadStub(loading, source)).toContain('stub({"id":"counter","defaults":{"n":7},"events":["add"],"tasks":[]})')
  expect(loading.files).toEqual([join(root, 'app/limit.ts')])
})

test('a state module that exports more than states is named in the build, since its stub has no more', () => {
  const loading = context(join(root, 'app/counter.state.ts'))
  loadStub(loading, `${source}\n export type Limit = number\n export * from './other.state'`)
  expect(loading.warnings).toEqual([])
  expect(loadStub(loading, `${source}\n export const MAX = 5`)).not.toContain('MAX')
  expect(loading.warnings).toEqual([
    'heldstate: app/counter.state.ts exports "MAX", which is not a state. The other files of the app get only the states of a ' +
      'state module, so they cannot import it. Move it to a file of its own.',
  ])
  loadStub(loading, `${source}\n export const MAX = 5\n export function parse() {}\n export { limit }`)
  expect(loading.warnings[1]).toContain('exports "MAX", "limit", "parse", which are not states.')
})

test('the list of modules imports each once, itself, and is made again when a folder gets another one', () => {
  const loading = context(join(root, 'node_modules/heldstate/dist/next/plugin/heldstate-modules.js'))
  const text = loadModules(loading)
  expect(text.match(/import\(/g)).toHaveLength(1)
  expect(text).toContain('app/counter.state.ts?real")')
  expect(loading.directories).toEqual([join(root, 'app')])
})

test('webpack forgets that a module was not there when the list has a new one, and only then', () => {
  let purged = 0
  const compiler = { inputFileSystem: { purge: () => void (purged += 1) } }
  const list = () =>
    loadModules({
      ...context(join(root, 'node_modules/heldstate/dist/next/plugin/heldstate-modules.js')),
      _compiler: compiler,
    })
  list()
  list()
  expect(purged).toBe(0)
  mkdirSync(join(root, 'fresh/deep'), { recursive: true })
  writeFileSync(join(root, 'fresh/deep/inner.state.ts'), source)
  expect(list()).toContain('fresh/deep/inner.state.ts?real')
  expect(purged).toBe(1)
  rmSync(join(root, 'fresh'), { recursive: true })
  list()
  expect(purged).toBe(1)
})

test('an app is named by its zone and its package, whatever else is built; the name itself goes to no page', () => {
  const named = (manifest: string) => {
    writeFileSync(join(root, 'package.json'), manifest)
    return loadApp(context(join(root, 'node_modules/heldstate/dist/protocol/heldstate-app.js')))
  }
  const one = named('{ "name": "acme-shop", "version": "1.0.0" }')
  expect(one).toMatch(/^export const heldApp = \{"zone":"\/shop","id":"\/shop#[0-9a-f]{8}"\}\n$/)
  expect(one).not.toContain('acme')
  expect(named('{ "name": "acme-shop", "version": "2.0.0", "private": true }')).toBe(one)
  expect(named('{ "name": "acme-blog" }')).not.toBe(one)
  expect(named('{}')).toBe(named('not JSON'))
})
