/** What the two loaders do. Their entry files are CommonJS, as both bundlers want it, and only call these. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeldStateError } from '../../base/errors.js'
import type { HeldApp } from '../../protocol/heldstate-app.js'
import { evaluateStateModule } from './evaluate.js'
import { hiddenExports } from './hidden-exports.js'
import { findStateFiles, isWithin, modulesText, noticeFile, sourceOf } from './state-files.js'
import { stubText } from './stub-text.js'

/** The part of the loader interface that Turbopack and webpack share. */
export interface LoaderContext {
  readonly resourcePath: string
  /** The folder of the app, also when the bundler's root is above it or the command was given another folder. */
  readonly rootContext: string
  getOptions(): { readonly packages: readonly string[]; readonly zone: string }
  addDependency(file: string): void
  addContextDependency(directory: string): void
  emitWarning?(warning: Error): void
  /** Only webpack has these. */
  cacheable?(flag: boolean): void
  readonly _compiler?: { readonly inputFileSystem?: { purge?(): void } | null }
}

/** The state modules of each app, by its folder, when they were listed last. */
const listed = new Map<string, readonly string[]>()

export function loadStub(context: LoaderContext, source: string): string {
  const { resourcePath, rootContext } = context
  const { packages } = context.getOptions()
  if (!isWithin(resourcePath, rootContext, packages))
    throw new HeldStateError(
      'invalid-definition',
      `The state module ${sourceOf(rootContext, resourcePath)} is outside the app folder, so the server does not find it. If it belongs to another package, ` +
        'add that package to transpilePackages in next.config; otherwise move the file.',
    )
  const parts = evaluateStateModule(resourcePath, source, (file) => context.addDependency(file))
  if (parts.hidden.length > 0)
    context.emitWarning?.(hint(hiddenExports(sourceOf(rootContext, resourcePath), parts.hidden)))
  return stubText(parts)
}

/** A warning that bundlers show without a stack, which would lead into heldstate. webpack can save no class of ours. */
const hint = (message: string): Error => Object.assign(new Error(message), { name: 'heldstate', stack: '' })

export function loadModules(context: LoaderContext): string {
  const { files, directories } = findStateFiles(context.rootContext, context.getOptions().packages)
  for (const directory of directories) context.addContextDependency(directory)
  context.addDependency(noticeFile(context.rootContext))
  context.cacheable?.(false) // webpack does not see the notice, but asks for the list with each compilation
  const before = listed.get(context.rootContext) ?? files
  listed.set(context.rootContext, files)
  // webpack remembers that there was no such file, or no such folder
  if (files.some((file) => !before.includes(file))) context._compiler?.inputFileSystem?.purge?.()
  return modulesText(context.resourcePath, context.rootContext, files)
}

export function loadApp(context: LoaderContext): string {
  const { zone } = context.getOptions()
  const manifest = join(context.rootContext, 'package.json')
  context.addDependency(manifest)
  const hash = createHash('sha256').update(packageName(manifest)).digest('hex').slice(0, 8) // pages need not know it
  const app: HeldApp = { zone, id: `${zone || '/'}#${hash}` }
  return `export const heldApp = ${JSON.stringify(app)}\n`
}

function packageName(manifest: string): string {
  try {
    return String((JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }).name ?? '')
  } catch {
    return ''
  }
}
