/** The state modules of a project, as files. */
import { readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

export const isStateFile = (name: string) => /\.state\.tsx?$/.test(name)

export interface StateFiles {
  /** Absolute paths, sorted. */
  readonly files: readonly string[]
  /** Directories right below the root in which one may appear. */
  readonly directories: readonly string[]
}

/** Looks everywhere below `root` but in node_modules, in what starts with a dot and in other apps. */
export function findStateFiles(root: string): StateFiles {
  const entries = readdirSync(root, { withFileTypes: true })
  const directories = entries
    .filter((entry) => entry.isDirectory() && !isForeign(entry.name) && !isApp(join(root, entry.name)))
    .map(({ name }) => join(root, name))
  const here = entries.filter((entry) => entry.isFile() && isStateFile(entry.name)).map(({ name }) => join(root, name))
  const below = directories.flatMap((directory) => findStateFiles(directory).files)
  return { files: [...here, ...below].sort(), directories }
}

const isForeign = (name: string) => name === 'node_modules' || name.startsWith('.')

/** An app below an app, as examples and fixtures are, has states of its own. */
const isApp = (directory: string) => readdirSync(directory).some((name) => /^next\.config\.[cm]?[jt]s$/.test(name))

/** The module that takes the place of `heldstate-modules`: each state module itself, not its stub, and only on demand. */
export function modulesText(resource: string, root: string, files: readonly string[]): string {
  const lines = files.map((file) => {
    const source = JSON.stringify(slashes(relative(root, file)).replace(/^\.\//, ''))
    const specifier = JSON.stringify(`${slashes(relative(dirname(resource), file))}?real`)
    return `  { source: ${source}, exports: await import(${specifier}) },`
  })
  return ['export const modules = async () => [', ...lines, ']', ''].join('\n')
}

function slashes(path: string): string {
  const text = path.split(sep).join('/')
  return text.startsWith('.') ? text : `./${text}`
}
