/** Run by `npm pack` and `npm publish` in lib/: compiles it from nothing, since a file that is gone must not be shipped. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { finishPackage } from './package.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

rmSync(`${root}lib/dist`, { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'lib'], { cwd: root, stdio: 'inherit' })
finishPackage(`${root}lib`)
