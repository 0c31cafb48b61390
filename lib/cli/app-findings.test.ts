import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { RedisServer } from '../cluster/redis/server.fixture.js'
import { appFindings } from './app-findings.js'
import { doctor } from './doctor.js'
import { readProject } from './project.js'
import { proxyFindings } from './proxy-findings.js'
import { secretFindings } from './secret-findings.js'
import { type Files, folderWith, listening, nextApp } from './terminal.fixture.js'

vi.stubEnv('HELDSTATE_SECRET', 'a secret that is as long as it should be')

const healthy: Files = {
  ...nextApp,
  'package.json': JSON.stringify({
    scripts: { dev: 'heldstate dev', start: 'heldstate start' },
    dependencies: { next: '16', react: '19', heldstate: '0' },
  }),
  'next.config.mjs': `import { withHeldState } from 'heldstate/next'\nexport default withHeldState()\n`,
  'app/api/heldstate/route.ts': `export { GET } from 'heldstate/next/route'\n`,
  'app/counter.state.ts': `import { defineState } from 'heldstate'\nexport const a = defineState('a', () => ({}))\n`,
  '.gitignore': '.heldstate\n',
}

const wrong = (files: Files, node?: string) =>
  appFindings(folderWith(files).dir, node).filter(({ kind }) => kind !== 'fine')

test('an app that is set up has nothing wrong, and the exit code is 0', async () => {
  expect(wrong(healthy)).toEqual([])
  const { terminal, text } = listening()
  expect(await doctor({ dir: folderWith(healthy).dir, url: undefined }, terminal)).toBe(0)
  expect(text()).toMatch(/ok {5}1 state module: app\/counter\.state\.ts[\s\S]*No problems found\.$/)
})

test.each([
  ['app', 'instrumentation.ts', 'next dev', 'next start'],
  ['src/app', 'src/instrumentation.ts', 'next dev --turbopack', 'node .next/standalone/server.js'],
])('an app whose instrumentation attaches heldstate may start Next: %s, %s', (folder, name, dev, start) => {
  const files = Object.fromEntries(Object.entries(healthy).map(([file, text]) => [file.replace(/^app/, folder), text]))
  const plain = { ...files, 'package.json': JSON.stringify({ scripts: { dev, start }, dependencies: { next: '16' } }) }
  const attached = { ...plain, [name]: `export { register } from 'heldstate/next/instrumentation'` }
  expect(wrong(attached)).toEqual([])
  expect(wrong(plain).map(({ text }) => text)).toEqual([
    expect.stringContaining('starts Next without heldstate'),
    expect.stringContaining(`or add to ${name}: export { register }`),
  ])
})

const wrapped = (config: string, before = '') =>
  `import { withHeldState } from 'heldstate/next'\n${before}export default withHeldState(${config})\n`

test.each([
  `export default withHeldState({ output: 'standalone' })`,
  `export default withHeldState({ ...(inImage ? { output: "standalone" } : {}) })`,
  'const config = { output: process.env.IMAGE ? `standalone` : undefined }\nexport default withHeldState(config)',
])('a standalone build without the line of attach mode is broken, whatever the scripts start: %s', (config) => {
  const files = { ...healthy, 'next.config.mjs': `import { withHeldState } from 'heldstate/next'\n${config}\n` }
  expect(wrong(files)).toEqual([
    {
      kind: 'broken',
      text: expect.stringMatching(
        /^next\.config\.mjs has output: "standalone", .* Add to instrumentation\.ts: export \{ register \}/,
      ),
    },
  ])
  const attached = wrong({
    ...files,
    'instrumentation.ts': `export { register } from 'heldstate/next/instrumentation'`,
  })
  expect(attached.filter(({ kind }) => kind === 'broken')).toEqual([])
})

test('a config that only speaks of a standalone build has none', () => {
  const config = `import { withHeldState } from 'heldstate/next'\n// output: 'standalone' came later\nexport default withHeldState({})\n`
  expect(wrong({ ...healthy, 'next.config.mjs': config })).toEqual([])
})

const without = (name: string) => Object.fromEntries(Object.entries(healthy).filter(([other]) => other !== name))
const scripts = (dev: string) => ({
  'package.json': JSON.stringify({ scripts: { dev, start: 'heldstate start' }, dependencies: { next: '16' } }),
})

test.each<[what: string, files: Files, kind: 'broken' | 'note', sentence: string]>([
  [
    'a config that is not wrapped',
    { ...healthy, 'next.config.mjs': 'export default {}' },
    'broken',
    'next.config.mjs does not call withHeldState. Run "heldstate init"',
  ],
  [
    'a config of an export',
    { ...healthy, 'next.config.mjs': wrapped(`{ output: 'export' }`) },
    'broken',
    "next.config.mjs has output: 'export', which builds static files without a server",
  ],
  [
    'a config that is exported at times',
    { ...healthy, 'next.config.mjs': wrapped(`{ 'output': process.env.PHONE ? 'export' : undefined }`) },
    'broken',
    "output: 'export'",
  ],
  ['no config', without('next.config.mjs'), 'broken', 'No next.config found'],
  [
    'a config that cannot be understood',
    { ...healthy, 'next.config.mjs': `export { default } from './x.mjs'` },
    'note',
    'could not be analyzed',
  ],
  ['no route', without('app/api/heldstate/route.ts'), 'broken', 'There is no app/api/heldstate/route.ts.'],
  [
    'another route',
    { ...healthy, 'app/api/heldstate/route.ts': 'export const GET = () => {}' },
    'broken',
    "does not export heldstate's GET",
  ],
  [
    'a state in a file of another name',
    { ...healthy, 'app/b.ts': healthy['app/counter.state.ts'] ?? '' },
    'broken',
    'app/b.ts calls defineState but is not named *.state.ts',
  ],
  ['no state', without('app/counter.state.ts'), 'note', 'No state modules found.'],
  [
    'React 18',
    { ...healthy, 'node_modules/react/package.json': '{"version":"18.3.1"}' },
    'broken',
    'Expected React 19, found 18.3.1.',
  ],
  [
    'a newer Next',
    { ...healthy, 'node_modules/next/package.json': '{"version":"17.0.0"}' },
    'note',
    'Next 17.0.0 is newer than',
  ],
  [
    'heldstate that is not installed',
    without('node_modules/heldstate/package.json'),
    'broken',
    'heldstate is not installed in this app. Run: npm install heldstate',
  ],
  [
    'two copies',
    { ...healthy, 'node_modules/ui/node_modules/heldstate/package.json': '{}' },
    'broken',
    'There are 2 copies of heldstate (',
  ],
  [
    'a script that starts Next alone',
    { ...healthy, ...scripts('next dev') },
    'broken',
    'The script "dev" runs "next dev", which starts Next without heldstate.',
  ],
  [
    'a server that does not start it',
    { ...healthy, ...scripts('tsx server.ts'), 'server.ts': 'next()' },
    'broken',
    'The script "dev" runs server.ts, which does not call serve()',
  ],
  ['no line in .gitignore', without('.gitignore'), 'note', 'is not in .gitignore. Add the line: .heldstate'],
])('%s', (_, files, kind, sentence) => {
  expect(wrong(files)).toEqual([{ kind, text: expect.stringContaining(sentence) }])
})

test('a script of another name that starts Next alone is noted', () => {
  const scripts = { dev: 'heldstate dev', start: 'heldstate start', preview: 'next build && next start' }
  const { dir } = folderWith({
    ...healthy,
    'package.json': JSON.stringify({ scripts, dependencies: { next: '16' } }),
  })
  expect(appFindings(dir)).toContainEqual({
    kind: 'note',
    text: 'The script "preview" runs "next build && next start", which starts Next without heldstate. Change it to run "heldstate start".',
  })
})

test.each<[string, string | undefined]>([
  ['{ "tasks": {} }', 'note'],
  ['{ // "globalPassThroughEnv": ["HELDSTATE_*"]\n "tasks": {} }', 'note'],
  ['{ "globalPassThroughEnv": ["HELDSTATE_*"], }', undefined],
  ['{ "tasks": { "start": { "passThroughEnv": ["HELDSTATE_SECRET", "PORT"] } } }', undefined],
  ['{ "globalEnv": ["*"] }', undefined],
])('Turborepo, by %s above the app, is asked for the variables of heldstate', (turbo, kind) => {
  const files = Object.entries(healthy).map(([name, text]) => [`apps/web/${name}`, text])
  const { dir } = folderWith({ ...Object.fromEntries(files), 'turbo.json': turbo })
  const found = appFindings(join(dir, 'apps/web')).find(({ text }) => text.includes('turbo.json'))
  expect(found?.kind).toBe(kind)
  if (kind) expect(found?.text).toContain('"globalPassThroughEnv": ["HELDSTATE_*"]')
})

/** An app of a workspace, with a package beside it that has state modules. */
function workspace(config: string, before = '') {
  const { dir, write } = folderWith({
    'packages/states/package.json': '{ "name": "@repo/states" }',
    'packages/states/src/cart.state.ts': healthy['app/counter.state.ts'] ?? '',
    'packages/ui/package.json': '{ "name": "@repo/ui" }',
  })
  const dependencies = { next: '16', heldstate: '0', '@repo/states': '*', '@repo/ui': '*' }
  const app: Files = {
    ...without('app/counter.state.ts'),
    'package.json': JSON.stringify({ scripts: { dev: 'heldstate dev', start: 'heldstate start' }, dependencies }),
    'next.config.mjs': wrapped(config, before),
  }
  for (const [name, text] of Object.entries(app)) write(`apps/web/${name}`, text)
  mkdirSync(join(dir, 'node_modules/@repo'), { recursive: true })
  for (const name of ['states', 'ui']) symlinkSync(join(dir, 'packages', name), join(dir, 'node_modules/@repo', name))
  return appFindings(join(dir, 'apps/web'))
}

test.each([
  [`{ transpilePackages: ['@repo/states', "@repo/ui"] }`, ''],
  [`{ 'transpilePackages': packages }`, `const packages = ['@repo/states']\n`],
  ['config', `const config = { transpilePackages: [...(process.env.A ? [] : ['@repo/states'])] }\n`],
])('state modules of a package that the config names are found: %s', (config, before) => {
  const findings = workspace(config, before)
  expect(findings).toContainEqual({ kind: 'fine', text: '1 state module: ../../packages/states/src/cart.state.ts' })
  expect(findings.filter(({ kind }) => kind !== 'fine')).toEqual([])
})

test('state modules of a package that the config does not name are broken, with the line to add', () => {
  expect(workspace(`{ transpilePackages: ['@repo/ui'] }`)).toContainEqual({
    kind: 'broken',
    text: expect.stringMatching(
      /^\.\.\/\.\.\/packages\/states\/src\/cart\.state\.ts is a state module in the package @repo\/states, which .* Add it: transpilePackages: \['@repo\/ui', '@repo\/states'\]$/,
    ),
  })
})

test('an old Node is named', () => {
  expect(wrong(healthy, '20.8.1')).toEqual([{ kind: 'broken', text: expect.stringContaining('This is Node 20.8.1;') }])
})

test('a folder that is no app is one broken thing, and the exit code is 1', async () => {
  const { terminal, text } = listening()
  expect(await doctor({ dir: folderWith({}).dir, url: undefined }, terminal)).toBe(1)
  expect(text()).toMatch(/broken .* is not a Next app[\s\S]*1 thing is broken\.$/)
})

test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is broken', () => {
  const { dir } = folderWith({ ...healthy, '.heldstate/.gitignore': '*' })
  chmodSync(join(dir, '.heldstate'), 0o500)
  expect(appFindings(dir).filter(({ kind }) => kind === 'broken')).toHaveLength(1)
})

test.each<[files: Files, environment: string | undefined, kind: string, text: string]>([
  [{}, undefined, 'note', 'HELDSTATE_SECRET is not set'],
  [{}, 'x'.repeat(32), 'fine', 'HELDSTATE_SECRET is set in the environment'],
  [{}, `${'x'.repeat(32)}, short`, 'broken', 'HELDSTATE_SECRET in the environment is shorter than 32 characters'],
  [
    { '.env': `HELDSTATE_SECRET=short\n`, '.env.local': `A=1\nHELDSTATE_SECRET="${'y'.repeat(40)}" # why\n` },
    '',
    'fine',
    'HELDSTATE_SECRET is set in .env.local',
  ],
  [
    { '.env.production': 'HELDSTATE_SECRET=short # a comment that is much longer\n' },
    '',
    'broken',
    'in .env.production',
  ],
])('the secret of %j and %j', (files, environment, kind, text) => {
  const [finding, ...more] = secretFindings(folderWith(files).dir, environment ?? '')
  expect([finding, more]).toEqual([{ kind, text: expect.stringContaining(text) }, []])
  expect(finding?.text).not.toMatch(/xxx|yyy/)
})

test.each<[matcher: string, kind: 'fine' | 'note']>([
  [``, 'note'],
  [`export const config = { matcher: '/dashboard/:path*' }`, 'fine'],
  [`export const config = { matcher: ['/account', '/((?!api|_next/static|favicon.ico).*)'] }`, 'fine'],
  [`export const config = { matcher: ['/((?!api/heldstate|_next).*)'] }`, 'fine'],
  [`export const config = { matcher: '/((?!_next|.*\\\\..*).*)' }`, 'note'],
  [`export const config = { matcher: ["/api/:path*"] }`, 'note'],
  [`export const config = { matcher: '/:path*' }`, 'note'],
  [`export const config = { matcher: [{ source: '/api/:name', missing: [] }] }`, 'note'],
])('a proxy.ts with %j is a %s', (matcher, kind) => {
  const { dir } = folderWith({ ...healthy, 'proxy.ts': `export function proxy() {}\n${matcher}\n` })
  expect(proxyFindings(readProject(dir)).map((finding) => finding.kind)).toEqual([kind])
})

/** What doctor says of an app whose HELDSTATE_REDIS is `url`. */
async function diagnosed(url: string, files: Files, secret = '') {
  vi.stubEnv('HELDSTATE_REDIS', url)
  vi.stubEnv('HELDSTATE_SECRET', secret)
  onTestFinished(() => {
    vi.stubEnv('HELDSTATE_REDIS', '')
    vi.stubEnv('HELDSTATE_SECRET', 'a secret that is as long as it should be')
  })
  const { terminal, text } = listening()
  return { code: await doctor({ dir: folderWith(files).dir, url: undefined }, terminal), text: text() }
}

const withClient = { ...healthy, 'node_modules/redis/package.json': '{"version":"6.3.1"}' }

test('state in a redis wants its client and a secret, and no folder', async () => {
  const { code, text } = await diagnosed('redis://localhost:1', healthy)
  expect(code).toBe(1)
  expect(text).toMatch(/broken HELDSTATE_REDIS is set but HELDSTATE_SECRET is not/)
  expect(text).toMatch(
    /broken HELDSTATE_REDIS is set, but the package "redis" is not installed. Run: npm install redis/,
  )
  expect(text).not.toMatch(/\.heldstate/)
})

test('a redis is asked whether it can keep state', async () => {
  const redis = await RedisServer.start()
  onTestFinished(() => redis.remove())
  const secret = 'a secret that is as long as it should be'
  const { code, text } = await diagnosed(redis.url, withClient, secret)
  expect([code, text]).toEqual([0, expect.stringMatching(/ok {5}the Redis at HELDSTATE_REDIS answers/)])
  await redis.command('CONFIG', 'SET', 'requirepass', 'another')
  const wrong = await diagnosed(redis.url.replace('redis://', 'redis://:wrong@'), withClient, secret)
  expect([wrong.code, wrong.text]).toEqual([
    1,
    expect.stringMatching(/broken The Redis at .* rejected the user and password/),
  ])
})

test('a folder that is no app of Next is told so, though a redis is named', async () => {
  const { code, text } = await diagnosed('redis://localhost:1', {})
  expect([code, text]).toEqual([1, expect.stringMatching(/2 things are broken/)])
})
