/** What the two loaders do. Their entry files are CommonJS, as both bundlers want it, and only call these. */
import { evaluateStateModule } from './evaluate.js'
import { findStateFiles, modulesText } from './state-files.js'
import { stubText } from './stub-text.js'

/** The part of the loader interface that Turbopack and webpack share. */
export interface LoaderContext {
  readonly resourcePath: string
  readonly rootContext: string
  getOptions(): { readonly root?: string }
  addDependency(file: string): void
  addContextDependency(directory: string): void
}

export function loadStub(context: LoaderContext, source: string): string {
  const { manifests, loaded } = evaluateStateModule(context.resourcePath, source)
  for (const file of loaded) context.addDependency(file)
  return stubText(manifests)
}

export function loadModules(context: LoaderContext): string {
  const root = context.getOptions().root ?? context.rootContext
  const { files, directories } = findStateFiles(root)
  for (const directory of directories) context.addContextDependency(directory)
  return modulesText(context.resourcePath, root, files)
}
