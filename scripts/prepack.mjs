/**
 * What the package needs beside its compiled modules, run by `npm pack` and `npm publish` in lib/: the README, and
 * `heldstate/next` as CommonJS. Next compiles a next.config.ts to CommonJS, and Node before 20.19 cannot require an ES module.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = `${root}lib/dist`

rmSync(dist, { recursive: true, force: true }) // a file that is gone from the source must not be shipped
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'lib'], { cwd: root, stdio: 'inherit' })
copyFileSync(`${root}README.md`, `${root}lib/README.md`)

// beside config.js, whose loaders are named by their place; the server stays the one module that is imported on demand
buildSync({
  entryPoints: [`${dist}/doors/next.js`],
  outfile: `${dist}/next/door.cjs`,
  bundle: true,
  platform: 'node',
  target: 'node20.9',
  format: 'cjs',
  packages: 'external',
  external: ['./server.js'],
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href" },
})

writeFileSync(
  `${dist}/next/door.d.cts`,
  `type Door = typeof import('../doors/next.js', { with: { 'resolution-mode': 'import' } })
export declare const withHeldState: Door['withHeldState']
export declare const serve: Door['serve']
export declare const diskStore: Door['diskStore']
export type { DiskStoreOptions, ServeOptions } from '../doors/next.js' with { 'resolution-mode': 'import' }
`,
)
