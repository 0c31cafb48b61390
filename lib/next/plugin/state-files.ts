/** The state modules of a project, as files. */
import { type Dirent, existsSync, readdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'

export const isStateFile = (name: string) => /\.state\.[jt]sx?$/.test(name)

export interface StateFiles {
  /** Absolute paths, sorted. */
  readonly files: readonly string[]
  /** Directories right below the root in which one may appear. */
  readonly directories: readonly string[]
}

/**
 * Looks everywhere below `root`, and below the `packages` that lie next to it, but in node_modules, in what starts with a dot
 * and in other apps.
 */
export function findStateFiles(root: string, packages: readonly string[] = []): StateFiles {
  const found = [root, ...foldersOf(packages, root)].map((folder) => statesAmong(folder, entriesOf(folder)))
  return {
    files: [...new Set(found.flatMap(({ files }) => files))].sort(),
    directories: [...new Set(found.flatMap(({ directories }) => directories))],
  }
}

/** Whether it would look at the place of `file`. */
export function isWithin(file: string, root: string, packages: readonly string[]): boolean {
  return [root, realpathSync(root), ...foldersOf(packages, root)].some((folder) => {
    const segments = relative(folder, file).split(sep)
    return !segments.some((segment) => isForeign(segment) || isCompiled(segment, file)) // `..` is foreign too
  })
}

/** The folders of packages that a workspace links; what is installed has no state modules that need compiling. */
function foldersOf(packages: readonly string[], root: string): readonly string[] {
  const { resolve } = createRequire(join(root, 'package.json'))
  return packages.flatMap((name) => {
    const found = (resolve.paths(name) ?? []).map((place) => join(place, name)).find((place) => existsSync(place))
    const folder = found && realpathSync(found)
    return folder && !folder.split(sep).includes('node_modules') ? [folder] : []
  })
}

function statesAmong(folder: string, entries: readonly Dirent[]): StateFiles {
  const at = (entry: Dirent) => join(folder, entry.name)
  const here = entries.filter((entry) => entry.isFile() && isStateFile(entry.name)).map(at)
  const below = entries
    .filter((entry) => entry.isDirectory() && !isForeign(entry.name))
    .map((entry) => ({ directory: at(entry), entries: entriesOf(at(entry)) }))
    .filter(({ entries }) => !isApp(entries))
  const deeper = below
    .flatMap(({ directory, entries }) => statesAmong(directory, entries).files)
    .filter(
      (file) =>
        !relative(folder, file)
          .split(sep)
          .some((segment) => isCompiled(segment, file)),
    )
  return { files: [...here, ...deeper].sort(), directories: below.map(({ directory }) => directory) }
}

/** None if the directory has gone meanwhile. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** How messages and the list of modules name a state module. */
export const sourceOf = (root: string, file: string) => slashes(relative(root, file)).replace(/^\.\//, '')

/**
 * What the server writes when state modules came or went, and the list of modules depends on: a bundler cannot be told to
 * watch the root itself, since it would watch node_modules too. Turbopack does not see changes in `.next`.
 */
export const noticeFile = (root: string) => join(root, 'node_modules', '.cache', 'heldstate', 'state-files')

/** What a package next to the app has compiled is not a second state, and what it was compiled from is found. */
const isCompiled = (folder: string, file: string) => folder === 'dist' && /\.jsx?$/.test(file)

const isForeign = (name: string) => name === 'node_modules' || name.startsWith('.')

/** An app below an app, as examples and fixtures are, has states of its own. */
const isApp = (entries: readonly Dirent[]) => entries.some(({ name }) => /^next\.config\.[cm]?[jt]s$/.test(name))

/** The module that takes the place of `heldstate-modules`: each state module itself, not its stub, and only on demand. */
export function modulesText(resource: string, root: string, files: readonly string[]): string {
  const lines = files.map((file) => {
    const source = JSON.stringify(sourceOf(root, file))
    const specifier = JSON.stringify(`${slashes(relative(dirname(resource), file))}?real`)
    return `  { source: ${source}, exports: await import(${specifier}).catch((error) => refuseModule(${source}, error)) },`
  })
  const helper = `import { refuseModule } from '../../state/broken-module.js'`
  return [helper, 'export const modules = async () => [', ...lines, ']', ''].join('\n')
}

function slashes(path: string): string {
  const text = path.split(sep).join('/')
  return text.startsWith('.') ? text : `./${text}`
}
