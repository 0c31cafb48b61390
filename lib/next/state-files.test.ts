import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findStateFiles, modulesText } from './state-files.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-files-'))
afterAll(() => rmSync(root, { recursive: true }))

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

function write(name: string) {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), '')
}

test('state modules are found in all folders but those of packages, builds and other apps', () => {
  expect(findStateFiles(root)).toEqual({
    files: ['app/a/a.state.tsx', 'app/b.state.ts', 'root.state.ts'].map((name) => join(root, name)),
    directories: [join(root, 'app'), join(root, 'examples')],
  })
})

test('the list of modules imports each on demand, itself and not its stub', () => {
  expect(
    modulesText('/project/node_modules/heldstate/dist/next/heldstate-modules.js', '/project', [
      '/project/app/a.state.ts',
    ]),
  ).toBe(
    [
      'export const modules = async () => [',
      '  { source: "app/a.state.ts", exports: await import("../../../../app/a.state.ts?real") },',
      ']',
      '',
    ].join('\n'),
  )
})
