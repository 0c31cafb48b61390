/** The package where there is no Next: in Vite and Storybook by a plugin, in Jest by its CommonJS. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldState } from '../next/plugin/vite.js'
import { installedPackage } from './declarations.fixture.js'
import { fromSource } from './exports.fixture.js'

const patience = 120_000
let dir: string
const at = (name: string) => join(dir, name)
const write = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
}

beforeAll(async () => {
  dir = installedPackage()
  const scripts: string = new URL('../../scripts/package/package.mjs', import.meta.url).href // has no types
  const { addTwins } = (await import(scripts)) as { addTwins(dist: string, folder: string): void }
  addTwins(at('node_modules/heldstate/dist'), at('node_modules/heldstate/dist/jest'))
}, patience)
afterAll(() => rmSync(dir, { recursive: true }))

it('a page that Vite has built holds first values, nothing else of a state module, and asks no server', {
  timeout: patience,
}, async () => {
  write('start.ts', 'export const start = 12345')
  write(
    'counter.state.ts',
    `import { readFileSync } from 'node:fs'
     import { defineState } from 'heldstate'
     import { start } from './start'
     export const most = 5
     export const counter = defineState('counter', () => ({ n: start }))
       .private(() => ({ secret: 'held-back' }))
       .events((on) => ({ add: on((s) => { s.n += Number(readFileSync('held-back')) }) }))`,
  )
  write('all.state.ts', `export * from './counter.state'`)
  write(
    'page.tsx',
    `import { useServerState } from 'heldstate/react'
     import { counter } from './all.state'
     export const Counter = () => <p>{useServerState(counter).n}</p>`,
  )
  const { build } = await import('vite')
  const warnings: string[] = []
  const built = await build({
    root: dir,
    logLevel: 'silent',
    plugins: [heldState()],
    build: {
      write: false,
      minify: false,
      lib: { entry: at('page.tsx'), formats: ['es'] },
      rollupOptions: { external: /^react/, onwarn: ({ message }) => void warnings.push(message) },
    },
  })
  const text = JSON.stringify(built)
  expect(text).toMatch(/12345/)
  expect(text).toMatch(/No server in this page/) // what it is imported for is not taken for nothing
  expect(text).not.toMatch(/held-back/)
  expect(warnings.join()).toContain('counter.state.ts exports "most", which is not a state.')
})

describe('for Jest', () => {
  const doors = ['authors', 'react', 'ai', 'server', 'provider', 'testing']

  it.each(doors)('the door %s is CommonJS with the same values, and imports nothing later', (door) => {
    const file = at(`node_modules/heldstate/dist/jest/${door}.cjs`)
    const script = `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(file)}))))`
    const keys = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as string[]
    const values = fromSource(join(import.meta.dirname, `${door}.ts`)).filter((name) => !name.startsWith('type '))
    expect(keys.sort()).toEqual(values)
    expect(readFileSync(file, 'utf8')).not.toMatch(/[^\w.]import\(/)
  })

  it('names of the doors lead there, and a state is defined, held and rendered by them', () => {
    const { moduleNameMapper } = createRequire(import.meta.url)(
      at('node_modules/heldstate/dist/next/plugin/jest.cjs'),
    ) as {
      moduleNameMapper: Record<string, string>
    }
    const found = (name: string) => {
      const [pattern, file = ''] = Object.entries(moduleNameMapper).find(([key]) => new RegExp(key).test(name)) ?? []
      return JSON.stringify(file.replace('$1', new RegExp(pattern ?? '').exec(name)?.[1] ?? ''))
    }
    const script = `
      const { defineState } = require(${found('heldstate')})
      const { testHub } = require(${found('heldstate/testing')})
      const { getState } = require(${found('heldstate/server')})
      const { useServerState } = require(${found('heldstate/react')})
      const { createElement } = require('react')
      const { renderToString } = require('react-dom/server')
      const counter = defineState('counter', () => ({ n: 3 })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
      void (async () => {
        const { open, done } = testHub([counter])
        const tab = await open()
        const { add } = await tab.watch(counter)
        await done(add())
        const html = renderToString(createElement(() => useServerState(counter).n))
        console.log(JSON.stringify([await tab.request(() => getState(counter)), html]))
      })()`
    const said = execFileSync(process.execPath, ['-e', script], { cwd: dir, encoding: 'utf8' })
    expect(JSON.parse(said)).toEqual([{ n: 4 }, '3'])
  })
})
