/**
 * publint and are-the-types-wrong over the packed tarball: `npm run check:package`. The profile is esm-only: the doors are ES
 * modules, but for `heldstate/next`, which has a CommonJS twin for next.config.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack } from './package.mjs'

const folder = mkdtempSync(join(tmpdir(), 'heldstate-package-'))
const tarball = pack(folder)
const checks = [
  ['node_modules/publint/src/cli.js', tarball, '--strict'],
  ['node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only', '--format', 'ascii'],
]
const passed = checks.map((args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0)
rmSync(folder, { recursive: true })
process.exit(passed.every(Boolean) ? 0 : 1)
