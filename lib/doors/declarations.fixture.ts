/** The package as an app has it installed, types alone, and an app that is compiled against it by either compiler. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(root, 'node_modules')

/** With the declarations of the source as it is now. Remove the folder in the end. */
export const installedTypes = (): string => installed('--emitDeclarationOnly')

/** With its compiled modules as well. */
export const installedPackage = (): string => installed()

function installed(...options: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-declarations-'))
  const home = join(dir, 'node_modules/heldstate')
  mkdirSync(home, { recursive: true })
  cpSync(join(root, 'lib/package.json'), join(home, 'package.json'))
  tsc('typescript', ['-p', join(root, 'lib'), ...options, '--outDir', join(home, 'dist')])
  for (const name of readdirSync(modules))
    if (!name.startsWith('.') && name !== 'heldstate') symlinkSync(join(modules, name), join(dir, 'node_modules', name))
  return dir
}

/** The settings of `tsc --init` in an app of Next, and of Turborepo's starter. */
const settings = {
  target: 'ES2022',
  lib: ['dom', 'dom.iterable', 'esnext'],
  skipLibCheck: true,
  strict: true,
  module: 'esnext',
  moduleResolution: 'bundler',
  jsx: 'react-jsx',
  rootDir: '.',
  types: ['node'],
}

/** What the compiler says of an app of these files; nothing if it is content. */
export function complaints(
  dir: string,
  compiler: Compiler,
  files: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>>,
): string {
  rmSync(join(dir, 'app'), { recursive: true, force: true })
  rmSync(join(dir, 'out'), { recursive: true, force: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  const compilerOptions = { ...settings, outDir: 'out', emitDeclarationOnly: true, ...more }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['app'] }))
  return tsc(compiler, ['-p', dir])
}

/** A declaration that it wrote, of the app before. */
export function declarationOf(dir: string, name: string): string {
  const file = join(dir, 'out', name)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

export type Compiler = 'typescript' | 'typescript-5'

function tsc(compiler: Compiler, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [join(modules, compiler, 'bin/tsc'), ...args], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
