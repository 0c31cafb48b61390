import type { NextConfig } from 'next'
import { expect, test } from 'vitest'
import { withHeldState } from './config.js'
import { seeConfig, servedRoutePath, servedZone, statePackages } from './config-registry.js'

const context = { defaultConfig: {} }
const rules = (config: NextConfig) => config.turbopack?.rules as Record<string, unknown>

test('an object stays an object, with its own settings and the rules', () => {
  const config = withHeldState({ reactStrictMode: true, turbopack: { root: '/work' } })
  expect(config.reactStrictMode).toBe(true)
  expect(config.turbopack?.root).toBe('/work')
  expect(Object.keys(rules(config))).toEqual([
    '*.state.ts',
    '*.state.tsx',
    '*.state.js',
    '*.state.jsx',
    'heldstate-modules.js',
    'heldstate-app.js',
  ])
})

test('no config at all is enough', () => {
  expect(Object.keys(rules(withHeldState()))).toHaveLength(6)
})

test('functions, async ones too, are given the phase and the context', async () => {
  const seen: unknown[] = []
  const plain = withHeldState((...given) => {
    seen.push(given)
    return { poweredByHeader: false }
  })
  const later = withHeldState(async (...given) => {
    seen.push(given)
    return { poweredByHeader: true }
  })
  const first = await plain('a-phase', context)
  const second = await later('a-phase', context)
  expect([first.poweredByHeader, second.poweredByHeader]).toEqual([false, true])
  expect(Object.keys(rules(first))).toEqual(Object.keys(rules(second)))
  expect(seen).toEqual([
    ['a-phase', context],
    ['a-phase', context],
  ])
})

test('a promise of a config, as some plugins give, stays one and keeps its settings', async () => {
  const config = await withHeldState(Promise.resolve({ poweredByHeader: false }))
  expect(config.poweredByHeader).toBe(false)
  expect(Object.keys(rules(config))).toContain('*.state.ts')
})

test('rules of the user for the same files stay, one as well as a list', () => {
  const own = { loaders: ['own-loader'] }
  const config = withHeldState({
    turbopack: { rules: { '*.state.ts': own, '*.state.tsx': ['a-loader', own], '*.svg': own } },
  })
  expect(rules(config)['*.state.ts']).toMatchObject([
    own,
    { loaders: [{ loader: expect.stringContaining('stub-loader.cjs') }] },
  ])
  expect(rules(config)['*.state.tsx']).toMatchObject(['a-loader', own, {}])
  expect(rules(config)['*.svg']).toBe(own)
})

test('loaders are given as plain data, since Turbopack takes nothing else, with the packages of the app', () => {
  const config = withHeldState({ transpilePackages: ['@acme/shared'] })
  const loaders = Object.values(rules(config)).flatMap((rule) => (rule as { loaders: unknown[] }).loaders)
  expect(loaders).toHaveLength(6)
  for (const loader of loaders)
    expect(loader).toEqual({
      loader: expect.stringMatching(/-loader\.cjs$/),
      options: { packages: ['@acme/shared'], zone: '' },
    })
  expect(statePackages()).toEqual(['@acme/shared'])
})

test('webpack gets the same rules, then the function of the user', () => {
  const { webpack } = withHeldState({ webpack: (given) => ({ ...given, name: `${given.module.rules.length} rules` }) })
  const given = webpack?.({ module: { rules: [] } }, {} as never)
  expect(given.name).toBe('3 rules')
})

test('webpack puts the stub in place before any other loader, but not of what is asked for as it is, nor in packages', () => {
  interface Rule {
    readonly test: RegExp
    readonly exclude?: RegExp
    readonly resourceQuery?: { readonly not: readonly RegExp[] }
    readonly enforce?: string
    readonly use: unknown
  }
  const given = { module: { rules: [] as Rule[] } }
  withHeldState().webpack?.(given, {} as never)
  const [stub, modules] = given.module.rules
  expect(stub?.enforce).toBe('pre')
  expect(JSON.stringify(stub?.use)).toContain('stub-loader.cjs')
  const stubs = (path: string, query = '') =>
    stub?.test.test(path) && !stub.exclude?.test(path) && !stub.resourceQuery?.not.some((real) => real.test(query))
  expect(['/a/b.state.ts', '/a/b.state.tsx', '/a/b.state.js', '/a/b.state.jsx'].every((path) => stubs(path))).toBe(true)
  expect(stubs('/a/b.state.ts', '?really')).toBe(true)
  for (const query of ['?real', '?a&real', '?real&a']) expect(stubs('/a/b.state.ts', query)).toBe(false)
  for (const path of ['/a/state.ts', '/a/b.state.ts.map', '/a/node_modules/x/b.state.ts'])
    expect(stubs(path)).toBe(false)
  expect(JSON.stringify(modules?.use)).toContain('modules-loader.cjs')
  expect(modules?.test.test('/a/heldstate-modules.js')).toBe(true)
})

test('Turbopack does the same, by conditions', () => {
  for (const glob of ['*.state.ts', '*.state.tsx', '*.state.js', '*.state.jsx']) {
    const { condition, loaders } = rules(withHeldState())[glob] as { condition: unknown; loaders: unknown }
    expect(condition).toEqual({ all: [{ not: 'foreign' }, { not: { query: /[?&]real(?=&|$)/ } }] })
    expect(JSON.stringify(loaders)).toContain('stub-loader.cjs')
  }
})

test('the terminal is spared the requests of the hub, and what the user ignores stays ignored', () => {
  const own = /health/
  const { logging } = withHeldState({ logging: { fetches: {}, incomingRequests: { ignore: [own] } } })
  const { fetches, incomingRequests } = logging as { fetches: object; incomingRequests: { ignore: RegExp[] } }
  expect(fetches).toEqual({})
  expect(incomingRequests.ignore[0]).toBe(own)
  expect(incomingRequests.ignore[1]?.test('/base/api/heldstate/')).toBe(true)
  expect(incomingRequests.ignore[1]?.test('/api/heldstate-of-mine')).toBe(false)
})

test('a terminal that logs no requests stays silent', () => {
  expect(withHeldState({ logging: false }).logging).toBe(false)
  expect(withHeldState({ logging: { incomingRequests: false } }).logging).toEqual({ incomingRequests: false })
})

test('the path of the route follows basePath and trailingSlash', () => {
  withHeldState({ basePath: '/shop', trailingSlash: true })
  expect(servedRoutePath()).toBe('/shop/api/heldstate/')
  withHeldState({})
  expect(servedRoutePath()).toBe('/api/heldstate')
})

const exported = { output: 'export' } as const

test.each<[form: string, wrap: () => unknown]>([
  ['an object', () => withHeldState(exported)],
  ['a function', () => withHeldState(() => exported)('a-phase', context)],
  ['an async function', () => withHeldState(async () => exported)('a-phase', context)],
  ['a promise', () => withHeldState(Promise.resolve(exported))],
])('%s with output: "export" is refused, with what to write instead', async (_, wrap) => {
  await expect((async () => wrap())()).rejects.toMatchObject({
    code: 'static-export',
    message: expect.stringMatching(/output: 'export'.*without a server.*Remove output.*standalone/),
  })
  expect(withHeldState({ output: 'standalone' }).output).toBe('standalone')
})

test('the zone is the basePath, or what is given, in the server of a standalone build too', async () => {
  const zoneIn = (config: NextConfig) =>
    (rules(config)['heldstate-app.js'] as { loaders: { options: { zone: string } }[] }).loaders[0]?.options.zone
  expect([zoneIn(withHeldState({ basePath: '/shop' })), servedZone()]).toEqual(['/shop', '/shop'])
  const given = withHeldState({ env: { OWN: '1' } }, { zone: '/blog/new' })
  expect([zoneIn(given), servedZone(), given.env?.OWN]).toEqual(['/blog/new', '/blog/new', '1'])
  expect(zoneIn(await withHeldState(async () => ({}), { zone: '/a' })('a-phase', context))).toBe('/a')
  expect(withHeldState({})).not.toHaveProperty('env')
  seeConfig(JSON.parse(JSON.stringify(given)))
  expect(servedZone()).toBe('/blog/new')
  for (const zone of ['shop', '/shop/', '/', 'https://a/shop', '/a b'])
    expect(() => withHeldState({}, { zone })).toThrow(/is not a zone. Use the path of the app, such as "\/shop"/)
  expect(() => withHeldState({}, { zones: '/shop' } as never)).toThrow(/Known options: zone\. Did you mean zone\?/)
})
