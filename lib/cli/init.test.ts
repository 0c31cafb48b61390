import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { init } from './init.js'
import { type Files, folderWith, listening, nextApp } from './terminal.fixture.js'

const defaults = { yes: true, example: true, version: '0.1.0' }

async function run(files: Files, options: Partial<Parameters<typeof init>[0]> = {}, answer?: boolean) {
  const app = folderWith(files)
  const { terminal, text, asked } = listening(answer)
  const code = await init({ ...defaults, dir: app.dir, ...options }, terminal)
  return { ...app, code, text, asked, again: () => init({ ...defaults, dir: app.dir }, terminal) }
}

/** All files but those of packages, with their texts and times. */
const snapshot = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('node_modules') && statSync(join(dir, name)).isFile())
    .sort()
    .map((name) => [name, statSync(join(dir, name)).mtimeMs])

test('adds config, route, scripts, the line of .gitignore and an example', async () => {
  const { dir, read, code, text } = await run(nextApp)
  expect(code).toBe(0)
  expect(snapshot(dir).map(([name]) => name)).toEqual([
    '.gitignore',
    'app/api/heldstate/route.ts',
    'app/counter.state.ts',
    'app/counter/counter.tsx',
    'app/counter/page.tsx',
    'app/page.tsx',
    'next.config.ts',
    'package.json',
    'tsconfig.json',
  ])
  expect(read('app/api/heldstate/route.ts')).toBe(`export { GET } from 'heldstate/next/route'\n`)
  expect(read('next.config.ts')).toContain('withHeldState({})')
  expect(read('.gitignore')).toBe('node_modules\n\n# heldstate\n.heldstate\n')
  expect(read('package.json')).toContain(
    '"scripts": { "dev": "heldstate dev", "build": "next build", "start": "heldstate start" },',
  )
  expect(read('app/counter/page.tsx')).toMatch(/<HeldStateProvider>\s*<Suspense>\s*<Counter \/>/)
  expect(text()).toMatch(/heldstate is set up\. Run "npm run dev" and open \/counter\.$/)
})

test('shows what it will change before it asks, once', async () => {
  const { text, asked } = await run({ ...nextApp, 'next.config.mjs': 'export default {}\n' }, { yes: false }, true)
  expect(asked).toEqual(['Make these changes?'])
  expect(text()).toContain(`next.config.mjs
  - export default {}
  + import { withHeldState } from 'heldstate/next'
  + 
  + export default withHeldState({})
`)
  expect(text()).toContain('app/counter.state.ts (new)')
})

test.each([
  [false, 1],
  [undefined, undefined],
])('changes nothing if the answer is %s', async (answer, code) => {
  const app = folderWith(nextApp)
  const before = snapshot(app.dir)
  const running = init({ ...defaults, dir: app.dir, yes: false }, listening(answer).terminal)
  if (code === undefined)
    await expect(running).rejects.toThrow('There is no terminal to ask in, so nothing was changed.')
  else expect(await running).toBe(code)
  expect(snapshot(app.dir)).toEqual(before)
})

test.each([
  ['an app of TypeScript', {}],
  ['a CommonJS config', { 'next.config.js': 'module.exports = {}\n' }],
  ['a config that it cannot edit', { 'next.config.mjs': `export { default } from './other.mjs'\n` }],
])('a second time changes nothing: %s', async (_, more) => {
  const { dir, again, text } = await run({ ...nextApp, ...more })
  const before = snapshot(dir)
  await again()
  expect(snapshot(dir)).toEqual(before)
  expect(text()).toMatch(/already set up|Everything else is set up/)
})

test('the example brings its look along: what Tailwind resets would leave bare words', async () => {
  const { read } = await run(nextApp)
  const component = read('app/counter/counter.tsx')
  expect(component.match(/<(main|h1|button)(?! style=)/g)).toBeNull()
  expect(component.match(/<button style=/g)).toHaveLength(2)
})

test('an example that was deleted does not come back', async () => {
  const { dir, again } = await run(nextApp, { example: false })
  expect(existsSync(join(dir, 'app/counter'))).toBe(false)
  expect(await again()).toBe(0)
  expect(existsSync(join(dir, 'app/counter'))).toBe(false)
})

test('an app without TypeScript gets JavaScript, one with src its files there', async () => {
  const { 'tsconfig.json': _, 'app/page.tsx': __, ...plain } = nextApp
  const { dir } = await run({ ...plain, 'src/app/page.js': '' })
  expect(snapshot(dir).map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'next.config.mjs',
      'src/app/api/heldstate/route.js',
      'src/app/counter.state.js',
      'src/app/counter/counter.js',
      'src/app/counter/page.js',
    ]),
  )
})

test('no file is overwritten: a page of that name keeps the example away, another route is told of', async () => {
  const own = { 'app/counter/page.tsx': '// mine', 'app/api/heldstate/route.ts': '// mine too' }
  const first = await run({ ...nextApp, 'app/counter/page.tsx': '// mine' })
  expect([first.code, first.read('app/counter/page.tsx')]).toEqual([0, '// mine'])
  expect(first.text()).toContain('The example was skipped: app/counter')
  expect(existsSync(join(first.dir, 'app/counter.state.ts'))).toBe(false)
  const second = await run({ ...nextApp, ...own })
  expect([second.code, second.read('app/api/heldstate/route.ts')]).toEqual([1, '// mine too'])
  expect(second.text()).toContain("app/api/heldstate/route.ts exists but is not heldstate's route.")
})

test.each(["output: 'export'", "'output': process.env.PHONE ? 'export' : undefined"])(
  'a config with %s is named as what cannot work, and the exit code says so',
  async (output) => {
    const { code, text, read } = await run({ ...nextApp, 'next.config.mjs': `export default { ${output} }\n` })
    expect(code).toBe(1)
    expect(text()).toMatch(/Left to do: next\.config\.mjs has output: 'export', .* without a server, .* Remove output/)
    expect(read('next.config.mjs')).toContain('withHeldState({')
  },
)

test.each<[string, Files]>([
  ['tsconfig', { 'tsconfig.json': '{\n  // all\n  "compilerOptions": { "isolatedDeclarations": true },\n}' }],
  [
    'what tsconfig extends',
    {
      'tsconfig.json': '{ "extends": ["./base", "@repo/config/isolated.json"] }',
      'base.json': '{ "extends": "./deeper/tsconfig.json" }',
      'deeper/tsconfig.json': '{ "compilerOptions": { "isolatedDeclarations": false } }',
      'node_modules/@repo/config/isolated.json': '{ "compilerOptions": { "isolatedDeclarations": true } }',
    },
  ],
])('with isolatedDeclarations in %s, the example has its types written out', async (_, more) => {
  const { read } = await run({ ...nextApp, ...more })
  expect(read('app/counter.state.ts')).toContain('export const counter: Definition<{')
  expect(read('app/counter/counter.tsx')).toContain('export function Counter(): ReactNode {')
  expect(read('app/counter/page.tsx')).toContain('export default function Page(): ReactNode {')
  expect(read('next.config.ts')).toContain("export default withHeldState({}) as import('next').NextConfig\n")
})

test('with isolatedDeclarations, a config that is no function keeps the type of one', async () => {
  const isolated = { ...nextApp, 'tsconfig.json': '{ "compilerOptions": { "isolatedDeclarations": true } }' }
  const config = async (name: string, text: string) => (await run({ ...isolated, [name]: text })).read(name)
  expect(await config('next.config.ts', 'export default config;\n')).toContain(
    "export default withHeldState(config) as import('next').NextConfig;\n",
  )
  expect(await config('next.config.ts', 'export default async () => ({})\n')).toContain(
    'export default withHeldState(async () => ({}))\n',
  )
  expect(await config('next.config.mjs', 'export default config\n')).toContain('export default withHeldState(config)\n')
})

test.each(['{}', '{ "compilerOptions": { /* "isolatedDeclarations": true */ } }', '{ "extends": "./nowhere" }', '{'])(
  'without, as in %s, types are inferred',
  async (tsconfig) => {
    const { read } = await run({ ...nextApp, 'tsconfig.json': tsconfig })
    expect(read('app/counter.state.ts')).toContain('export const counter = defineState(')
  },
)

test('a config that it cannot edit is shown what to paste, the rest is done, and the exit code says so', async () => {
  const { code, text, dir } = await run({ ...nextApp, 'next.config.mjs': `export { default } from './other.mjs'\n` })
  expect(code).toBe(1)
  expect(text()).toContain(
    `    import { withHeldState } from 'heldstate/next'\n\n    export default withHeldState(yourConfig)`,
  )
  expect(existsSync(join(dir, 'app/api/heldstate/route.ts'))).toBe(true)
})

describe('an app that does not list heldstate', () => {
  const files = { ...nextApp, 'package.json': '{"dependencies":{"next":"16.4.6"}}', 'pnpm-lock.yaml': '' }

  test('gets it from its own package manager, before anything else is written', async () => {
    const ran: unknown[] = []
    const { read } = await run(files, {
      run: (command, args, dir) => {
        ran.push([command, ...args, existsSync(join(dir, 'app/counter.state.ts'))])
        return true
      },
    })
    expect(ran).toEqual([['pnpm', 'add', 'heldstate@^0.1.0', false]])
    expect(read('app/counter.state.ts')).toContain('defineState')
  })

  test('stays as it is if that fails', async () => {
    const { dir } = folderWith(files)
    await expect(init({ ...defaults, dir, run: () => false }, listening().terminal)).rejects.toThrow(
      '"pnpm add heldstate@^0.1.0" failed; nothing else was changed.',
    )
    expect(existsSync(join(dir, 'app/api'))).toBe(false)
  })
})

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(nextApp).filter(([name]) => !names.includes(name)))

test.each<[string, Files, string]>([
  ['a folder without package.json', {}, 'is not a Next app: it has no package.json.'],
  ['a package without next', { 'package.json': '{}' }, 'is not a Next app: its package.json does not list next.'],
  ['a package.json that is broken', { 'package.json': '{' }, 'is not valid JSON'],
  ['next that is not installed', without('node_modules/next/package.json'), 'Run npm install.'],
  [
    'Next 16.1',
    { ...nextApp, 'node_modules/next/package.json': '{"version":"16.1.9"}' },
    'This app has Next 16.1.9; heldstate needs 16.2 or newer.',
  ],
  [
    'an app without the App Router',
    { ...without('app/page.tsx'), 'pages/index.tsx': '' },
    'This app has no app or src/app folder',
  ],
])('%s is refused in a sentence with a way out', async (_, files, sentence) => {
  const { dir } = folderWith(files)
  await expect(init({ ...defaults, dir }, listening().terminal)).rejects.toMatchObject({
    name: 'Refusal',
    message: expect.stringContaining(sentence),
  })
})
