/**
 * `heldstate init`: adds heldstate to a Next app. It plans all changes first, shows them, asks once, and then makes them.
 * It never overwrites a file; of those that exist it edits next.config, package.json and .gitignore, and only where it must.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { staticExport } from '../next/plugin/static-export.js'
import { type Change, makeAll, shown } from './change.js'
import { exampleFiles, type NewFile, routeFile } from './example.js'
import { dependenciesOf, type PackageManager, type Project, readProject } from './project.js'
import { Refusal } from './refusal.js'
import { withScripts } from './scripts.js'
import { paint, type Terminal } from './terminal.js'
import { newConfig, textsFor, wrapConfig } from './wrapped-config.js'

export interface InitOptions {
  readonly dir: string
  /** Do not ask. */
  readonly yes: boolean
  readonly example: boolean
  readonly version: string
  /** Runs a command in the folder; whether it went well. */
  run?(command: string, args: readonly string[], dir: string): boolean
}

interface Plan {
  readonly changes: readonly Change[]
  /** What is left to a person. */
  readonly byHand: readonly string[]
  readonly withExample: boolean
}

/** The exit code: 1 if something is left to do by hand. */
export async function init(options: InitOptions, terminal: Terminal): Promise<number> {
  const project = readProject(options.dir)
  const install = dependenciesOf(project.manifest).heldstate === undefined ? installation(project, options) : undefined
  const plan = planFor(project, options.example)
  if (plan.changes.length === 0 && !install) return finished(plan, terminal, 'heldstate is already set up in this app.')
  for (const change of plan.changes) terminal.say(shown(change, terminal))
  if (install) terminal.say(`${paint(terminal, 'bold', `${install.join(' ')}`)}\n`)
  if (!options.yes && !(await agreed(terminal))) return 1
  if (install) runInstall(install, options)
  // installing has written to package.json
  const { changes } = install ? planFor(readProject(options.dir), options.example) : plan
  makeAll(options.dir, changes)
  return finished(plan, terminal, `heldstate is set up. ${nextSteps(project, plan)}`)
}

async function agreed(terminal: Terminal): Promise<boolean> {
  const answer = await terminal.ask('Make these changes?')
  if (answer === undefined)
    throw new Refusal(
      'There is no terminal to ask in, so nothing was changed. Run the command in a terminal, or with --yes.',
    )
  if (!answer) terminal.say('Nothing was changed.')
  return answer
}

function planFor(project: Project, example: boolean): Plan {
  const byHand: string[] = []
  const changes = [config(project, byHand), ...scripts(project, byHand), ...gitignore(project)]
  const route = routeFile(project)
  const isNew = !existsRoute(project, byHand)
  if (isNew) changes.push({ path: route.path, after: route.text })
  const added = example && isNew ? examples(project, byHand) : []
  changes.push(...added.map(({ path, text }) => ({ path, after: text })))
  return { changes: changes.filter((change) => change !== undefined), byHand, withExample: added.length > 0 }
}

function config({ dir, config: name, typescript, isolated }: Project, byHand: string[]): Change | undefined {
  if (name === undefined) return { path: typescript ? 'next.config.ts' : 'next.config.mjs', after: newConfig(isolated) }
  const before = readFileSync(join(dir, name), 'utf8')
  if (textsFor('output', before).includes('export')) byHand.push(staticExport(name))
  const result = wrapConfig(name, before, isolated)
  switch (result.kind) {
    case 'wrapped':
      return undefined
    case 'edited':
      return { path: name, before, after: result.text }
    case 'unclear':
      byHand.push(
        `${name} was not changed: ${result.reason}. Wrap its export yourself, outside all other plugins:\n\n${indented(result.paste)}`,
      )
      return undefined
  }
}

function scripts(project: Project, byHand: string[]): Change[] {
  const { manifestText } = project
  const { text, byHand: left } = withScripts(project)
  byHand.push(...left)
  return text === manifestText ? [] : [{ path: 'package.json', before: manifestText, after: text }]
}

/** The folder ignores itself too, but only once it is there. An app without the file has none to be surprised by. */
function gitignore({ dir }: Project): Change[] {
  const file = join(dir, '.gitignore')
  if (!existsSync(file)) return []
  const before = readFileSync(file, 'utf8')
  if (/^\/?\.heldstate\/?\s*$/m.test(before)) return []
  const after = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${before === '' ? '' : '\n'}# heldstate\n.heldstate\n`
  return [{ path: '.gitignore', before, after }]
}

function existsRoute({ dir, appFolder }: Project, byHand: string[]): boolean {
  const found = ['ts', 'tsx', 'js', 'jsx', 'mjs']
    .map((ending) => `${appFolder}/api/heldstate/route.${ending}`)
    .find((path) => existsSync(join(dir, path)))
  if (found === undefined) return false
  if (!readFileSync(join(dir, found), 'utf8').includes('heldstate/next/route'))
    byHand.push(
      `${found} exists but is not heldstate's route. Change it to:\n\n${indented(`export { GET } from 'heldstate/next/route'`)}`,
    )
  return true
}

function examples(project: Project, byHand: string[]): readonly NewFile[] {
  const files = exampleFiles(project)
  const taken = files.find(
    ({ path }) => existsSync(join(project.dir, path.replace(/\.\w+$/, ''))) || existsSync(join(project.dir, path)),
  )
  const folder = `${project.appFolder}/counter`
  if (!taken && !existsSync(join(project.dir, folder))) return files
  byHand.push(`The example was skipped: ${taken?.path ?? folder} exists.`)
  return []
}

function installation({ packageManager }: Project, { version }: InitOptions): readonly [PackageManager, ...string[]] {
  return [packageManager, packageManager === 'npm' ? 'install' : 'add', `heldstate@^${version}`]
}

function runInstall([command, ...args]: readonly [string, ...string[]], { dir, run = runIn }: InitOptions): void {
  if (!run(command, args, dir))
    throw new Refusal(
      `"${[command, ...args].join(' ')}" failed; nothing else was changed. Fix the cause, then run the command again.`,
    )
}

function runIn(command: string, args: readonly string[], dir: string): boolean {
  const shell = process.platform === 'win32' // where package managers are .cmd files
  return spawnSync(command, args, { cwd: dir, stdio: 'inherit', shell }).status === 0
}

function finished({ byHand }: Plan, terminal: Terminal, sentence: string): number {
  if (byHand.length === 0) {
    terminal.say(sentence)
    return 0
  }
  for (const note of byHand) terminal.say(`${paint(terminal, 'yellow', 'Left to do:')} ${note}\n`)
  terminal.say('Everything else is set up. Run "heldstate doctor" to check the result.')
  return byHand.every((note) => note.startsWith('The example')) ? 0 : 1
}

function nextSteps({ packageManager }: Project, { withExample }: Plan): string {
  const dev =
    packageManager === 'npm' || packageManager === 'bun' ? `${packageManager} run dev` : `${packageManager} dev`
  return withExample ? `Run "${dev}" and open /counter.` : `Run "${dev}".`
}

const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '    ')
