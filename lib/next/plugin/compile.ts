/** esbuild, for the moments in which a state module is evaluated. What the app runs is compiled by Next. */

import { dirname, resolve } from 'node:path'
import { messageOf } from '../../base/errors.js'
import { type BuildFailure, type BuildOptions, buildSync, type TransformOptions, transformSync } from './esbuild.js'
import { missingProgram } from './esbuild-program.js'

const target = {
  format: 'cjs',
  target: 'node20', // lowers `await using`
  jsx: 'automatic',
  logLevel: 'silent',
} satisfies BuildOptions & TransformOptions

/** One file as CommonJS, with its imports as `require` calls; what it exports whole has `true` as a second argument. */
export function compile(file: string, source: string): string {
  const { code } = transformSync(source, { ...target, loader: file.endsWith('x') ? 'tsx' : 'ts', sourcefile: file })
  return code.replaceAll(/(__reExport\(\w+, require\("(?:[^"\\]|\\.)*")\)/g, '$1, true)')
}

export interface Bundle {
  /** CommonJS; its export `loaded` is the module. */
  readonly code: string
  /** Files that are in it, without those of packages. */
  readonly files: readonly string[]
}

/** What `file` means by `specifier`, with everything that it imports; without packages, unless it is one itself. */
export function bundle(specifier: string, file: string, packages: 'bundle' | 'external'): Bundle {
  const directory = dirname(file)
  const { outputFiles, metafile } = buildSync({
    ...target,
    stdin: {
      contents: `export * as loaded from ${JSON.stringify(specifier)}`,
      resolveDir: directory,
      sourcefile: file,
    },
    absWorkingDir: directory,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    packages,
    external: [
      'heldstate',
      'server-only',
      'client-only',
      '*.state',
      '*.state.ts',
      '*.state.tsx',
      '*.state.js',
      '*.state.jsx',
    ],
  })
  const inputs = Object.keys(metafile.inputs).map((name) => resolve(directory, name))
  const files = inputs.filter((input) => input !== file && !/[\\/]node_modules[\\/]/.test(input))
  return { code: outputFiles[0]?.text ?? '', files }
}

/** Why code could not be compiled or run, on one line. Of esbuild's errors only the first: others mostly follow from it. */
export function reasonOf(error: unknown): string {
  const first = (error as Partial<BuildFailure> | null)?.errors?.[0]
  if (!first) return missingProgram() ?? messageOf(error).split('\n', 1)[0] ?? ''
  const text = /^Top-level await is/.test(first.text) ? topLevelAwait : first.text
  return first.location ? `${text} (line ${first.location.line}: ${first.location.lineText.trim()})` : text
}

/** Of a state module, and of files from which its first values come. */
const topLevelAwait =
  'it awaits outside of a function, and names and first values are needed before anything is awaited. Await in the event or the task that needs it, or ' +
  'hold the promise: const rates = loadRates(), and there: await rates'
