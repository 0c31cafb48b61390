/** Each form of a config, edited, then run as Next runs it: the result has the plugin's rules and the user's own settings. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync, transformSync } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { folderWith } from './terminal.fixture.js'
import { wrapConfig } from './wrapped-config.js'

const lib = fileURLToPath(new URL('..', import.meta.url))

/** `heldstate/next` as modules that a config in any folder can load, with the plugin itself in them. */
const [esm, cjs] = (['esm', 'cjs'] as const).map((format) => {
  const entry = { stdin: { contents: `export { withHeldState } from './next/plugin/config.ts'`, resolveDir: lib } }
  const meta = { define: { 'import.meta.url': '"file:///heldstate/dist/next/plugin/config.js"' } }
  return (
    buildSync({ ...entry, ...meta, bundle: true, platform: 'node', format, write: false }).outputFiles[0]?.text ?? ''
  )
})

const packages = {
  'node_modules/heldstate/package.json': JSON.stringify({
    name: 'heldstate',
    exports: { './next': { import: './next.mjs', require: './next.cjs' } },
  }),
  'node_modules/heldstate/next.mjs': esm ?? '',
  'node_modules/heldstate/next.cjs': cjs ?? '',
  'node_modules/a-plugin/package.json': JSON.stringify({ name: 'a-plugin', main: './index.js' }),
  'node_modules/a-plugin/index.js':
    'module.exports = (config) => ({ ...config, env: { plugin: "yes" } }); module.exports.later = async (config) => config',
}

type Config = { poweredByHeader?: boolean; turbopack?: { rules?: object }; env?: object }

/** Loads a config as Next does: a TypeScript one compiled, to the format of the package. */
async function load(name: string, text: string, type: 'module' | 'commonjs'): Promise<Config> {
  const { dir, write } = folderWith({ ...packages, 'package.json': JSON.stringify({ type }) })
  const typed = /\.m?ts$/.test(name)
  const isModule = type === 'module' || name.includes('.m')
  const file = typed ? `next.config.compiled.${isModule ? 'mjs' : 'cjs'}` : name
  write(file, typed ? transformSync(text, { loader: 'ts', format: isModule ? 'esm' : 'cjs' }).code : text)
  const loaded = file.endsWith('.cjs')
    ? createRequire(join(dir, 'x'))(join(dir, file))
    : await import(/* @vite-ignore */ pathToFileURL(join(dir, file)).href)
  const config = loaded.default ?? loaded
  return await (typeof config === 'function' ? config('phase-development-server', { defaultConfig: {} }) : config)
}

const forms: readonly (readonly [what: string, name: string, before: string, after: string])[] = [
  [
    'an object',
    'next.config.mjs',
    'export default { poweredByHeader: false }\n',
    `import { withHeldState } from 'heldstate/next'\n\nexport default withHeldState({ poweredByHeader: false })\n`,
  ],
  [
    'a constant with its type in a comment, in the style of its author',
    'next.config.mjs',
    `/** @type {import('next').NextConfig} */\nconst config = {\n  poweredByHeader: false, // mine\n};\n\nexport default config;\n`,
    `import { withHeldState } from 'heldstate/next';\n\n/** @type {import('next').NextConfig} */\nconst config = {\n  poweredByHeader: false, // mine\n};\n\nexport default withHeldState(config);\n`,
  ],
  [
    'what create-next-app writes',
    'next.config.ts',
    `import type { NextConfig } from "next";\n\nconst nextConfig: NextConfig = {\n  poweredByHeader: false,\n};\n\nexport default nextConfig;\n`,
    `import type { NextConfig } from "next";\nimport { withHeldState } from "heldstate/next";\n\nconst nextConfig: NextConfig = {\n  poweredByHeader: false,\n};\n\nexport default withHeldState(nextConfig);\n`,
  ],
  [
    'satisfies',
    'next.config.ts',
    `import type { NextConfig } from 'next'\nexport default { poweredByHeader: false } satisfies NextConfig\n`,
    `import type { NextConfig } from 'next'\nimport { withHeldState } from 'heldstate/next'\nexport default withHeldState({ poweredByHeader: false } satisfies NextConfig)\n`,
  ],
  [
    'as, in parentheses',
    'next.config.mts',
    `export default ({ poweredByHeader: false } as { poweredByHeader: boolean })\n`,
    `import { withHeldState } from 'heldstate/next'\n\nexport default (withHeldState({ poweredByHeader: false } as { poweredByHeader: boolean }))\n`,
  ],
  [
    'an arrow function',
    'next.config.mjs',
    'export default (phase) => ({ poweredByHeader: phase === 0 })\n',
    `import { withHeldState } from 'heldstate/next'\n\nexport default withHeldState((phase) => ({ poweredByHeader: phase === 0 }))\n`,
  ],
  [
    'an async function with a name',
    'next.config.mjs',
    'export default async function config(phase) {\n  return { poweredByHeader: phase === 0 }\n}\n',
    `import { withHeldState } from 'heldstate/next'\n\nexport default withHeldState(async function config(phase) {\n  return { poweredByHeader: phase === 0 }\n})\n`,
  ],
  [
    'a function without one, in a package of modules',
    'next.config.js',
    '// @ts-check\n\nexport default function () {\n  return { poweredByHeader: false };\n}\n',
    `// @ts-check\n\nimport { withHeldState } from 'heldstate/next';\n\nexport default withHeldState(function () {\n  return { poweredByHeader: false };\n});\n`,
  ],
  [
    'plugins around it',
    'next.config.mjs',
    `import plugin from 'a-plugin'\n\nexport default plugin({ poweredByHeader: false })\n`,
    `import plugin from 'a-plugin'\nimport { withHeldState } from 'heldstate/next'\n\nexport default withHeldState(plugin({ poweredByHeader: false }))\n`,
  ],
  [
    'a plugin that gives a promise',
    'next.config.mjs',
    `import plugin from 'a-plugin'\nexport default plugin.later({ poweredByHeader: false })\n`,
    `import plugin from 'a-plugin'\nimport { withHeldState } from 'heldstate/next'\nexport default withHeldState(plugin.later({ poweredByHeader: false }))\n`,
  ],
  [
    'CommonJS',
    'next.config.js',
    `/** @type {import('next').NextConfig} */\nconst nextConfig = { poweredByHeader: false }\n\nmodule.exports = nextConfig\n`,
    `const { withHeldState } = require('heldstate/next')\n\n/** @type {import('next').NextConfig} */\nconst nextConfig = { poweredByHeader: false }\n\nmodule.exports = withHeldState(nextConfig)\n`,
  ],
  [
    'CommonJS, strict and with a plugin around an async function',
    'next.config.js',
    `'use strict'\nconst plugin = require('a-plugin')\nmodule.exports = async () => plugin({ poweredByHeader: false })\n`,
    `'use strict'\nconst plugin = require('a-plugin')\nconst { withHeldState } = require('heldstate/next')\nmodule.exports = withHeldState(async () => plugin({ poweredByHeader: false }))\n`,
  ],
  [
    'CommonJS that a wizard has wrapped below',
    'next.config.js',
    `module.exports = { poweredByHeader: false }\n\nconst plugin = require('a-plugin')\n\nmodule.exports = plugin(module.exports)\n`,
    `module.exports = { poweredByHeader: false }\n\nconst plugin = require('a-plugin')\nconst { withHeldState } = require('heldstate/next')\n\nmodule.exports = withHeldState(plugin(module.exports))\n`,
  ],
]

describe.each(forms)('%s (%s)', (_, name, before, after) => {
  test('is wrapped where it is exported', () => {
    expect(wrapConfig(name, before)).toEqual({ kind: 'edited', text: after })
  })

  test('is a config with the rules and with its own settings', async () => {
    const type = /module\.exports/.test(before) || name.endsWith('.ts') ? 'commonjs' : 'module'
    const config = await load(name, after, type)
    expect(config.poweredByHeader).toBe(false)
    expect(Object.keys(config.turbopack?.rules ?? {})).toContain('*.state.ts')
    if (before.includes('plugin(')) expect(config.env).toEqual({ plugin: 'yes' })
  })

  test('is known as wrapped, and stays as it is', () => {
    expect(wrapConfig(name, after)).toEqual({ kind: 'wrapped' })
  })
})

test('lines that end as on Windows stay so', () => {
  const result = wrapConfig('next.config.mjs', `import a from 'a-plugin'\r\nexport default a({})\r\n`)
  expect(result).toEqual({
    kind: 'edited',
    text: `import a from 'a-plugin'\r\nimport { withHeldState } from 'heldstate/next'\r\nexport default withHeldState(a({}))\r\n`,
  })
})

test.each([
  ['next.config.mjs', 'const config = {}\nexport { config as default }\n', 'it has no default export'],
  ['next.config.mjs', `export { default } from './other.mjs'\n`, 'it has no default export'],
  [
    'next.config.js',
    'if (process.env.CI) module.exports = {}\nelse module.exports = { a: 1 }\n',
    'it sets its exports in several places or conditionally',
  ],
  [
    'next.config.js',
    'module.exports = {}\nmodule.exports.env = {}\n',
    'it sets its exports in several places or conditionally',
  ],
  ['next.config.mjs', 'export default {\n', 'it cannot be read'],
  [
    'next.config.mjs',
    'export default function config() {}\nconfig.more = 1\n',
    'it calls the function config that it exports',
  ],
  [
    'next.config.mjs',
    `import { withHeldState } from 'heldstate/next'\nexport default {}\n`,
    'it mentions withHeldState but does not call it',
  ],
  ['next.config.mjs', 'module.exports = {}\n', 'it is an ES module but sets module.exports'],
])('%s: %j is left to a person', (name, text, reason) => {
  const result = wrapConfig(name, text)
  expect(result).toMatchObject({ kind: 'unclear', reason: expect.stringContaining(reason) })
  expect(result).toMatchObject({
    paste: expect.stringMatching(
      name === 'next.config.js'
        ? /require\('heldstate\/next'\)[\s\S]*module\.exports =/
        : /^import [\s\S]*export default/,
    ),
  })
})
