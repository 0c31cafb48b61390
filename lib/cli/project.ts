/** The Next app in a folder, as far as the commands must know it. Nothing of the app is run for that. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf } from '../base/errors.js'
import { Refusal } from './refusal.js'
import { isIsolated } from './tsconfig.js'

export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly type?: string
  readonly packageManager?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface Project {
  readonly dir: string
  readonly manifest: Manifest
  /** package.json as it is written. */
  readonly manifestText: string
  readonly nextVersion: string
  readonly appFolder: 'app' | 'src/app'
  readonly typescript: boolean
  /** Whether what is exported needs a written type. */
  readonly isolated: boolean
  /** The name of next.config, if there is one. */
  readonly config: string | undefined
  readonly packageManager: PackageManager
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** In the order in which Next looks for them. */
const configNames = ['next.config.js', 'next.config.mjs', 'next.config.ts', 'next.config.mts']

/** Throws a refusal if the folder holds no app that heldstate can be added to. */
export function readProject(dir: string): Project {
  const { text, manifest } = readManifest(dir)
  const { next } = dependenciesOf(manifest)
  if (next === undefined)
    throw new Refusal(
      `${dir} is not a Next app: its package.json does not list next. Run the command in the folder of a Next app, or create one: npx create-next-app@latest`,
    )
  const nextVersion = installedVersion(dir, 'next')
  if (nextVersion === undefined)
    throw new Refusal(`next is listed in package.json but not installed. Run ${packageManagerOf(dir)} install.`)
  if (!isSupported(nextVersion))
    throw new Refusal(
      `This app has Next ${nextVersion}; heldstate needs 16.2 or newer. Upgrade: npx @next/codemod@latest upgrade`,
    )
  const appFolder = (['app', 'src/app'] as const).find((folder) => existsSync(join(dir, folder)))
  if (appFolder === undefined)
    throw new Refusal(
      'This app has no app or src/app folder. heldstate loads the state modules through an App Router route, which works next to ' +
        'pages. Create the folder app (or src/app if your pages are in src/pages), and run the command again.',
    )
  return {
    dir,
    manifest,
    manifestText: text,
    nextVersion,
    appFolder,
    typescript: existsSync(join(dir, 'tsconfig.json')),
    isolated: isIsolated(join(dir, 'tsconfig.json')),
    config: configNames.find((name) => existsSync(join(dir, name))),
    packageManager: packageManagerOf(dir, manifest),
  }
}

function readManifest(dir: string): { text: string; manifest: Manifest } {
  const file = join(dir, 'package.json')
  if (!existsSync(file))
    throw new Refusal(
      `${dir} is not a Next app: it has no package.json. Run the command in the folder of a Next app, or create one: npx create-next-app@latest`,
    )
  const text = readFileSync(file, 'utf8')
  try {
    return { text, manifest: JSON.parse(text) as Manifest }
  } catch (error) {
    throw new Refusal(`${file} is not valid JSON (${messageOf(error)}). Fix it, and run the command again.`)
  }
}

export const dependenciesOf = ({ dependencies, devDependencies }: Manifest): Readonly<Record<string, string>> => ({
  ...devDependencies,
  ...dependencies,
})

/** The version of a package as the app finds it. */
export function installedVersion(dir: string, name: string): string | undefined {
  const file = manifestFileOf(dir, name)
  return file && (JSON.parse(readFileSync(file, 'utf8')) as Manifest).version
}

/** Not through `exports`, which need not list package.json. */
export function manifestFileOf(dir: string, name: string): string | undefined {
  const places = createRequire(join(dir, 'package.json')).resolve.paths(name) ?? []
  return places.map((place) => join(place, name, 'package.json')).find((file) => existsSync(file))
}

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 16 || (major === 16 && minor >= 2)
}

const lockFiles: readonly (readonly [string, PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

/** In a workspace, the lock file lies above the app. */
export function packageManagerOf(dir: string, { packageManager }: Manifest = {}): PackageManager {
  const named = /^(npm|pnpm|yarn|bun)@/.exec(packageManager ?? '')?.[1]
  if (named) return named as PackageManager
  const found = lockFiles.find(([name]) => existsSync(join(dir, name)))
  if (found) return found[1]
  return dirname(dir) === dir || existsSync(join(dir, '.git')) ? 'npm' : packageManagerOf(dirname(dir))
}
