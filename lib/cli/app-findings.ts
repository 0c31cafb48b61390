/** What can be seen of an app on the disk. Nothing of it is run. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { missingProgram } from '../next/plugin/esbuild-program.js'
import { findStateFiles, isStateFile, sourceOf } from '../next/plugin/state-files.js'
import { staticExport } from '../next/plugin/static-export.js'
import { keptFolder } from '../next/server/state-dir.js'
import { broken, type Finding, fine, note } from './finding.js'
import { packageFindings } from './package-findings.js'
import { installedVersion, isSupported, type Project, readProject } from './project.js'
import { proxyFindings } from './proxy-findings.js'
import { redisOf } from './redis-findings.js'
import { scriptFindings } from './script-findings.js'
import { secretFindings } from './secret-findings.js'
import { turboFindings } from './turbo-findings.js'
import { textsFor, wrapConfig } from './wrapped-config.js'

export function appFindings(dir: string, node = process.versions.node): readonly Finding[] {
  const project = readProject(dir)
  return [
    nodeFinding(node),
    nextFinding(project),
    reactFinding(project),
    ...copies(project),
    ...compilerFindings(),
    configFinding(project),
    routeFinding(project),
    ...stateFindings(project),
    ...packageFindings(project, packagesOf(project)),
    ...scriptFindings(project),
    ...secretFindings(dir, process.env.HELDSTATE_SECRET, redisOf(dir) !== ''),
    ...(redisOf(dir) === '' ? [folderFinding(project)] : []),
    ...proxyFindings(project),
    ...turboFindings(dir),
  ]
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 9)) return fine(`Node ${version}`)
  return broken(`This is Node ${version}; Next and heldstate need 20.9 or newer. Install a newer one.`)
}

function nextFinding({ nextVersion }: Project): Finding {
  if (isSupported(nextVersion) && Number.parseInt(nextVersion, 10) < 17) return fine(`Next ${nextVersion}`)
  return note(`Next ${nextVersion} is newer than the version that this heldstate supports (16). Update heldstate.`)
}

function reactFinding({ dir }: Project): Finding {
  const version = installedVersion(dir, 'react')
  if (version?.startsWith('19.')) return fine(`React ${version}`)
  return broken(`Expected React 19, found ${version ?? 'none'}. Install react@19 and react-dom@19.`)
}

/** Two copies would have two hubs. A package manager may also keep an old one that nothing uses any more. */
function copies({ dir, packageManager }: Project): readonly Finding[] {
  const found = new Set(packageFolders(dir).flatMap((folder) => copiesIn(folder)))
  const version = installedVersion(dir, 'heldstate')
  if (version === undefined)
    return [
      broken(
        `heldstate is not installed in this app. Run: ${packageManager} ${packageManager === 'npm' ? 'install' : 'add'} heldstate`,
      ),
    ]
  if (found.size <= 1) return [fine(`heldstate ${version}, one copy`)]
  return [
    broken(
      `There are ${found.size} copies of heldstate (${[...found].join(', ')}), which do not share state. Use the same versions of heldstate, next and ` +
        'react in all packages of the workspace, and install again.',
    ),
  ]
}

const packageFolders = (dir: string) =>
  (createRequire(join(dir, 'package.json')).resolve.paths('heldstate') ?? []).filter(
    (folder) => folder.endsWith('node_modules') && existsSync(folder),
  )

function copiesIn(folder: string): readonly string[] {
  const packages = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => join(name, inner)) : [name],
    )
  const places = [join(folder, 'heldstate'), ...packages.map((name) => join(folder, name, 'node_modules', 'heldstate'))]
  return places.filter((place) => existsSync(join(place, 'package.json'))).map((place) => realpathSync(place))
}

function compilerFindings(): readonly Finding[] {
  const missing = missingProgram()
  return missing === undefined ? [] : [broken(`${missing}.`)]
}

function configFinding({ dir, config }: Project): Finding {
  const wrapped = 'Run "heldstate init", or wrap its export in withHeldState({ … }) from "heldstate/next".'
  if (config === undefined) return broken(`No next.config found. It must call withHeldState. ${wrapped}`)
  const text = readFileSync(join(dir, config), 'utf8')
  if (textsFor('output', text).includes('export')) return broken(staticExport(config))
  const { kind } = wrapConfig(config, text)
  if (kind === 'wrapped') return fine(`${config} is wrapped`)
  if (kind === 'edited') return broken(`${config} does not call withHeldState. ${wrapped}`)
  return note(`${config} could not be analyzed. Make sure that withHeldState is the outermost wrapper of its export.`)
}

function routeFinding({ dir, appFolder, typescript }: Project): Finding {
  const folder = join(dir, appFolder, 'api/heldstate')
  const name = existsSync(folder) ? readdirSync(folder).find((file) => /^route\.[cm]?[jt]sx?$/.test(file)) : undefined
  const line = `export { GET } from 'heldstate/next/route'`
  const path = `${appFolder}/api/heldstate/${name ?? `route.${typescript ? 'ts' : 'js'}`}`
  if (name === undefined) return broken(`There is no ${path}. Run "heldstate init", or create it with: ${line}`)
  const text = readFileSync(join(folder, name), 'utf8')
  if (/\bGET\b/.test(text) && text.includes('heldstate/next/route')) return fine(path)
  return broken(`${path} does not export heldstate's GET, so the server cannot load the state modules. Add: ${line}`)
}

/** As the config names them. */
function packagesOf({ dir, config }: Project): readonly string[] {
  return config === undefined ? [] : textsFor('transpilePackages', readFileSync(join(dir, config), 'utf8'))
}

function stateFindings(project: Project): readonly Finding[] {
  const { dir, appFolder } = project
  const { files } = findStateFiles(dir, packagesOf(project))
  const found =
    files.length === 0
      ? note('No state modules found. Name them *.state.ts and put them anywhere in the app.')
      : fine(
          `${files.length} state ${files.length === 1 ? 'module' : 'modules'}: ${files.map((file) => sourceOf(dir, file)).join(', ')}`,
        )
  const misnamed = definitionsElsewhere(join(dir, appFolder === 'app' ? 'app' : 'src')).map((file) =>
    broken(
      `${sourceOf(dir, file)} calls defineState but is not named *.state.ts, so its server code would be sent to the browser. Rename it.`,
    ),
  )
  return [found, ...misnamed]
}

/** Sources other than the pages that define a state under another name. Tests may, and servers. */
function definitionsElsewhere(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
    if (entry.isDirectory()) return definitionsElsewhere(path)
    if (!/\.[cm]?[jt]sx?$/.test(entry.name) || isStateFile(entry.name) || /\.(test|spec)\./.test(entry.name)) return []
    const text = readFileSync(path, 'utf8')
    return /from\s+['"]heldstate['"]/.test(text) && /\bdefineState\(/.test(text) ? [path] : []
  })
}

function folderFinding({ dir }: Project): Finding {
  const kept = keptFolder(dir)
  try {
    accessSync(existsSync(kept) ? kept : dir, constants.W_OK)
  } catch {
    return broken(
      `State is stored in ${kept}, which is not writable. Make the folder writable, or pass another store to serve().`,
    )
  }
  const file = join(dir, '.gitignore')
  const ignored =
    existsSync(join(kept, '.gitignore')) ||
    (existsSync(file) && /^\/?\.heldstate\/?\s*$/m.test(readFileSync(file, 'utf8')))
  if (ignored) return fine('.heldstate is writable and ignored by git')
  return note('.heldstate, which stores state and the secret, is not in .gitignore. Add the line: .heldstate')
}
