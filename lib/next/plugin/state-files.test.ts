import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadStub } from './loaders.js'
import { findStateFiles, modulesText, sourceOf } from './state-files.js'

const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'heldstate-files-')))
const root = join(workspace, 'site')
afterAll(() => rmSync(workspace, { recursive: true }))

for (const name of ['app/b.state.ts', 'app/a/a.state.tsx', 'root.state.ts', 'app/c.state.test.ts', 'app/d.state.js'])
  write(name)
for (const name of [
  'node_modules/x/x.state.ts',
  'app/node_modules/y.state.ts',
  '.next/z.state.ts',
  '.next-dev/z.state.ts',
  'examples/shop/next.config.mjs',
  'examples/shop/app/shop.state.ts',
])
  write(name)
for (const name of [
  'shared/cart.state.ts',
  'shared/src/deep.state.ts',
  'shared/dist/src/deep.state.js',
  'shared/node_modules/a.state.ts',
  'other/b.state.ts',
])
  write(`../${name}`)
mkdirSync(join(workspace, 'node_modules/@acme'), { recursive: true })
symlinkSync(join(workspace, 'shared'), join(workspace, 'node_modules/@acme/shared'))
write('node_modules/installed/c.state.ts')

function write(name: string) {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), '')
}

test('state modules are found in all folders but those of packages, builds and other apps', () => {
  expect(findStateFiles(root)).toEqual({
    files: ['app/a/a.state.tsx', 'app/b.state.ts', 'app/d.state.js', 'root.state.ts'].map((name) => join(root, name)),
    directories: [join(root, 'app'), join(root, 'examples')],
  })
})

test('those of packages beside the app are found if the app names them', () => {
  const { files, directories } = findStateFiles(root, ['@acme/shared', 'installed', 'no-such'])
  expect(files.filter((file) => !file.startsWith(`${root}/`))).toEqual([
    join(workspace, 'shared/cart.state.ts'),
    join(workspace, 'shared/src/deep.state.ts'),
  ])
  expect(directories).toContain(join(workspace, 'shared/src'))
  expect(files.some((file) => file.includes('node_modules'))).toBe(false)
  expect(sourceOf(root, files[0] ?? '')).toBe('../shared/cart.state.ts')
})

describe('the loader of stubs', () => {
  const source = `import { defineState } from 'heldstate'\nexport const a = defineState('a', () => ({}))`
  const load = (file: string, packages: readonly string[] = []) =>
    loadStub(
      {
        resourcePath: join(workspace, file),
        rootContext: root,
        addDependency: () => {},
        addContextDependency: () => {},
        getOptions: () => ({ packages, zone: '' }),
      },
      source,
    )

  test('takes the place of a module of the app, and of a package that the app names', () => {
    expect(load('site/app/a.state.ts')).toContain('stub(')
    expect(load('shared/src/deep.state.ts', ['@acme/shared'])).toContain('stub(')
  })

  test.each([
    ['shared/cart.state.ts', '../shared/cart.state.ts'],
    ['site/.hidden/a.state.ts', '.hidden/a.state.ts'],
  ])('refuses %s, which the hub would not find, and says what to do', (file, named) => {
    expect(() => load(file)).toThrow(
      `The state module ${named} is outside the app folder, so the server does not find it. If it belongs to another package, ` +
        'add that package to transpilePackages in next.config; otherwise move the file.',
    )
  })
})

describe('the list of modules', () => {
  const text = modulesText('/project/node_modules/heldstate/dist/next/plugin/heldstate-modules.js', '/project', [
    '/project/app/a.state.ts',
  ])

  test('imports each on demand, itself and not its stub', () => {
    expect(text).toContain(
      '[\n  { source: "app/a.state.ts", exports: await import("../../../../../app/a.state.ts?real")',
    )
  })

  test('names the module that throws while it is loaded', async () => {
    const broken = text
      .replace('"../../../../../app/a.state.ts?real"', '"data:text/javascript,throw new Error(%22no%22)"')
      .replace(
        `'../../state/broken-module.js'`,
        JSON.stringify(new URL('../../state/broken-module.ts', import.meta.url).pathname),
      )
    write('list.mjs')
    writeFileSync(join(root, 'list.mjs'), broken)
    const { modules } = (await import(join(root, 'list.mjs'))) as { modules(): Promise<unknown> }
    await expect(modules()).rejects.toMatchObject({
      code: 'invalid-definition',
      message: 'The state module app/a.state.ts cannot be used: no',
    })
  })
})
