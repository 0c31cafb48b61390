/**
 * What the package needs beside its compiled modules: the README, the docs, and `heldstate/next` as CommonJS. Next compiles a
 * next.config.ts to CommonJS, and Node before 20.19 cannot require an ES module.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What is there to read: the README, and the docs, as the page of an error leads to others. A link to a file that only the
 * repository has becomes its words.
 */
export function addPages(folder) {
  rmSync(join(folder, 'docs'), { recursive: true, force: true })
  cpSync(join(root, 'README.md'), join(folder, 'README.md'))
  cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true, filter: (path) => isShipped(path) })
  const docs = readdirSync(join(folder, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'))
  const pages = ['README.md', ...docs.map((name) => join('docs', name))]
  for (const page of pages) {
    const leads = (link) =>
      /^(https?:|#)/.test(link) || existsSync(join(folder, dirname(page), link.replace(/#.*/, '')))
    const text = readFileSync(join(folder, page), 'utf8')
    writeFileSync(
      join(folder, page),
      text.replaceAll(codeOrLink, (whole, words, link) => (link === undefined || leads(link) ? whole : words)),
    )
  }
}

/** A page, or a folder that may hold some; the decisions are for people who work on the library. */
const isShipped = (path) => /[\\/][\w-]+(\.md)?$/.test(path) && !/[\\/]docs[\\/]adr$/.test(path)
const codeOrLink = /^```[\s\S]*?^```$|\[([^\]]+)\]\(([^)\s]+)\)/gm

/** Adds it to a folder that holds package.json and dist. */
export function finishPackage(folder) {
  const dist = join(folder, 'dist')
  addPages(folder)
  // beside config.js, whose loaders are named by their place; the server stays the one module that is imported on demand
  buildSync({
    entryPoints: [join(dist, 'doors/next.js')],
    outfile: join(dist, 'next/plugin/door.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20.9',
    format: 'cjs',
    packages: 'external',
    external: ['./server.js'],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href" },
  })
  writeFileSync(join(dist, 'next/plugin/door.d.cts'), doorTypes)
  addTwins(dist, join(dist, 'jest'))
  addEsbuild(dist)
}

/**
 * esbuild's client, in place of its package, which runs a script when it is installed. It refuses a folder and a file of other names than
 * these.
 */
export function addEsbuild(dist) {
  const from = dirname(createRequire(import.meta.url).resolve('esbuild/package.json'))
  const to = join(dist, 'esbuild')
  mkdirSync(join(to, 'lib'), { recursive: true })
  for (const name of ['lib/main.js', 'LICENSE.md']) cpSync(join(from, name), join(to, name))
  const { name, version, license } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
  const manifest = { name, version, license, type: 'commonjs', main: 'lib/main.js' }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const leading = join(dist, 'next/plugin/esbuild.js')
  writeFileSync(leading, readFileSync(leading, 'utf8').replace(/(['"])esbuild\1/, "'../../esbuild/lib/main.js'"))
}

/** The doors as CommonJS, for Jest. In its pages no server is asked, as there is none. Those for servers share one file, and those for pages. */
export function addTwins(dist, folder) {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, 'lib/package.json'), 'utf8'),
  )
  const packages = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  const shared = { hub: ['server', 'provider', 'testing'], page: ['react', 'ai'] }
  const all = (doors) => doors.map((door) => `export * as ${door} from './${door}.js'`).join('\n')
  const twins = {
    authors: `export * from './authors.js'`,
    page: `import '../react/unconnected.js'\n${all(shared.page)}`,
    hub: all(shared.hub),
  }
  for (const [name, contents] of Object.entries(twins))
    buildSync({
      stdin: { contents, resolveDir: join(dist, 'doors') },
      outfile: join(folder, `${name}.cjs`),
      bundle: true,
      platform: 'node',
      target: 'node20.9',
      format: 'cjs',
      external: packages.filter((one) => one !== 'devalue').flatMap((one) => [one, `${one}/*`]), // devalue is an ES module alone
      nodePaths: [join(root, 'node_modules')],
      supported: { 'dynamic-import': false }, // which Jest has for ES modules only
      define: { 'import.meta.url': 'moduleUrl' },
      banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href" },
    })
  for (const [file, doors] of Object.entries(shared))
    for (const door of doors)
      writeFileSync(join(folder, `${door}.cjs`), `module.exports = require('./${file}.cjs').${door}\n`)
}

const doorTypes = `type Door = typeof import('../../doors/next.js', { with: { 'resolution-mode': 'import' } })
export declare const withHeldState: Door['withHeldState']
export declare const serve: Door['serve']
export declare const diskStore: Door['diskStore']
export type { DiskStoreOptions, Served, ServeOptions } from '../../doors/next.js' with { 'resolution-mode': 'import' }
`

/** Packs the library as it is compiled now, beside its folder, which servers of other tests may be using; the tarball's path. */
export function pack(folder) {
  const staged = join(folder, 'package')
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { recursive: true })
  for (const name of ['package.json', 'LICENSE', 'dist'])
    cpSync(join(root, 'lib', name), join(staged, name), { recursive: true })
  finishPackage(staged)
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const stdout = execFileSync('npm', args, { cwd: staged, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return join(folder, /"filename":\s*"([^"]+)"/.exec(stdout)[1])
}
