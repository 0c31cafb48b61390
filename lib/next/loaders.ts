/** What the two loaders do. Their entry files are CommonJS, as both bundlers want it, and only call these. */
import { evaluateStateModule } from './evaluate.js'
import { findStateFiles, modulesText, noticeFile } from './state-files.js'
import { stubText } from './stub-text.js'

/** The part of the loader interface that Turbopack and webpack share. */
export interface LoaderContext {
  readonly resourcePath: string
  /** The folder of the app, also when the bundler's root is above it or the command was given another folder. */
  readonly rootContext: string
  addDependency(file: string): void
  addContextDependency(directory: string): void
  /** Only webpack has it. */
  cacheable?(flag: boolean): void
}

export function loadStub(context: LoaderContext, source: string): string {
  return stubText(evaluateStateModule(context.resourcePath, source, (file) => context.addDependency(file)))
}

export function loadModules(context: LoaderContext): string {
  const { files, directories } = findStateFiles(context.rootContext)
  for (const directory of directories) context.addContextDependency(directory)
  context.addDependency(noticeFile(context.rootContext))
  context.cacheable?.(false) // webpack does not see the notice, but asks for the list with each compilation
  return modulesText(context.resourcePath, context.rootContext, files)
}
