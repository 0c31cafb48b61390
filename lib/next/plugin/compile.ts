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

/** One file as CommonJS, with its imports as `require` calls. */
export function compile(file: string, source: string): string {
  const { code } = transformSync(source, { ...target, loader: file.endsWith('x') ? 'tsx' : 'ts', sourcefile: file })
  return sayingWhole(code)
}

/** Has `require` hear of what is exported whole, by a second argument, and `__knowWhole` of each namespace that exports so. */
const sayingWhole = (code: string) =>
  code
    .replaceAll(/(__reExport\(\w+, require\("(?:[^"\\]|\\.)*")\)/g, '$1, true)')
    .replace(/(?<=^var __reExport = \(target, mod, secondTarget\) => \()/m, '__knowWhole(target), ')

/** Has `require` hear of the file that asks, by a third argument. Comments say in a bundle which of its files begins. */
function sayingWho(code: string, fileOf: ReadonlyMap<string, string>): string {
  let asking: string | undefined
  const lines = code.split('\n').map((line) => {
    asking = fileOf.get(line.replace(/^\/\/ /, '')) ?? asking
    const ending = `, ${JSON.stringify(asking)})`
    return line.replace(
      /^((?:var \w+ = (?:__toESM\()?|__reExport\(\w+, )require\("(?:[^"\\]|\\.)*")(, true)?\)/,
      (_, call, whole = ', false') => call + whole + ending,
    )
  })
  return lines.join('\n')
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
  const inputs = new Map(Object.keys(metafile.inputs).map((name) => [name, resolve(directory, name)]))
  const files = [...inputs.values()].filter((input) => input !== file && !/[\\/]node_modules[\\/]/.test(input))
  return { code: sayingWho(sayingWhole(outputFiles[0]?.text ?? ''), inputs), files }
}

export const isFailedBuild = (error: unknown): boolean => (error as Partial<BuildFailure> | null)?.errors !== undefined

/** Why code could not be compiled or run, on one line. Of esbuild's errors only the first: others mostly follow from it. */
export function reasonOf(error: unknown): string {
  const first = (error as Partial<BuildFailure> | null)?.errors?.[0]
  if (!first) return missingProgram() ?? messageOf(error).split('\n', 1)[0] ?? ''
  const text = /^Top-level await is/.test(first.text) ? topLevelAwait : first.text
  return first.location ? `${text} (line ${first.location.line}: ${first.location.lineText.trim()})` : text
}

/** Of a state module, and of files from which its first values come. */
const topLevelAwait =
  'it uses top-level await, but its names and first values are needed synchronously. Await in the event or task that ' +
  'needs the value, or store the promise: const rates = loadRates(), and there: await rates'
