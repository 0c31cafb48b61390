/** Apps whose tsconfig has `declaration` or `composite`, as Turborepo's starter: inferred types must have names that apps can import. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleFiles } from '../cli/example.js'
import { type Compiler, complaints, declarationOf, installedTypes } from './declarations.fixture.js'
import { componentOf, declaredApp } from './declared-app.fixture.js'
import { membersOf } from './members.fixture.js'
import { unnamedTypes } from './unnamed-types.fixture.js'

const patience = 120_000
const doors = ['authors', 'react', 'ai', 'server', 'next', 'provider', 'route', 'testing', 'instrumentation', 'vite']
/** Parts that a store and the options of a hub hand over. They can be reached, and are nothing to build on. */
const internal = /^(HubOptions: Registry|SharedStore: SharedStoreOptions) of /

let dir: string
beforeAll(() => {
  dir = installedTypes()
}, patience)
afterAll(() => rmSync(dir, { recursive: true }))

it('each type that a door names is exported by a door', { timeout: patience }, () => {
  const unnamed = unnamedTypes(join(dir, 'node_modules/heldstate/dist'), doors)
  expect(unnamed.filter((name) => !internal.test(name))).toEqual([])
})

it('each member of what a door exports is meant to be used', { timeout: patience }, async () => {
  const members = membersOf(join(dir, 'node_modules/heldstate/dist'), doors)
  await expect(`${members.join('\n')}\n`).toMatchFileSnapshot('./members.txt')
})

describe.each<Compiler>(['typescript', 'typescript-5'])('an app, by %s', (compiler) => {
  const options = compiler === 'typescript' ? ['declaration', 'composite'] : ['declaration'] // the slower one is asked once
  it.each(options)('with %s exports what it infers', { timeout: patience }, (option) => {
    expect(complaints(dir, compiler, declaredApp, { [option]: true })).toBe('')
    const written = declarationOf(dir, 'app/counter.state.d.ts')
    expect(written).toContain('export declare const counter: import("heldstate").Builder<')
    expect(written).not.toContain('heldstate/dist')
  })

  it('with isolatedDeclarations is asked to write the type of a state, and needs no more', {
    timeout: patience,
  }, () => {
    const files = (state: string) => ({ 'app/counter.state.ts': state, 'app/counter.tsx': componentOf })
    const options = { declaration: true, isolatedDeclarations: true }
    const written = annotated()
    const bare = written.replace(/(?<=export const counter): Definition<[\s\S]*?\n}>/, '')
    expect(complaints(dir, compiler, files(bare), options)).toMatch(/TS9010: Variable must have an explicit type/)
    expect(complaints(dir, compiler, files(written), options)).toBe('')
  })

  it('with isolatedDeclarations has from init what it needs', { timeout: patience }, () => {
    const files = exampleFiles({ appFolder: 'app', typescript: true, isolated: true })
    const texts = Object.fromEntries(files.map(({ path, text }) => [path, text]))
    expect(complaints(dir, compiler, texts, { declaration: true, isolatedDeclarations: true })).toBe('')
  })
})

/** The state module that docs/state.md shows for it. */
function annotated(): string {
  const page = fileURLToPath(new URL('../../docs/state.md', import.meta.url))
  const blocks = readFileSync(page, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)
  return [...blocks].map(([, code = '']) => code).find((code) => code.includes(': Definition<{')) ?? ''
}
