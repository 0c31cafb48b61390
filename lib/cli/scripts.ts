/** The scripts `dev` and `start` of package.json, with `heldstate` in the place of `next`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAttached } from './attached.js'
import type { Manifest, Project } from './project.js'

export interface Scripts {
  /** package.json with them. */
  readonly text: string
  /** What a person has to change, a sentence each. */
  readonly byHand: readonly string[]
}

const commands = ['dev', 'start'] as const

export function withScripts(project: Pick<Project, 'dir' | 'appFolder' | 'manifest' | 'manifestText'>): Scripts {
  const {
    dir,
    manifestText,
    manifest: { scripts = {} },
  } = project
  if (isAttached(project)) return { text: manifestText, byHand: [] }
  const byHand: string[] = []
  const next: Record<string, string> = { ...scripts }
  for (const command of commands) {
    const script = scripts[command]
    const ours = script === undefined ? `heldstate ${command}` : replaced(script, command)
    if (ours !== undefined) next[command] = ours
    else if (!runsHeldState(dir, script ?? '')) byHand.push(toDo(command, command, script ?? ''))
  }
  for (const [name, script] of Object.entries(scripts)) {
    const command = commandIn(script)
    if (command === undefined || name === 'dev' || name === 'start') continue
    const ours = replaced(script, command)
    if (ours !== undefined) next[name] = ours
    else byHand.push(toDo(name, command, script))
  }
  return { text: edited(manifestText, scripts, next), byHand }
}

/** The server file that a script runs. */
export const serverIn = (script: string) => /\S*server\.[cm]?[jt]s\b/.exec(script)?.[0]

export function startsHeldState(dir: string, server: string): boolean {
  const file = join(dir, server)
  return existsSync(file) && readFileSync(file, 'utf8').includes('heldstate/next')
}

function runsHeldState(dir: string, script: string): boolean {
  const server = serverIn(script)
  return /\bheldstate (dev|start)\b/.test(script) || (server !== undefined && startsHeldState(dir, server))
}

/** With which of its own commands a script starts Next, if it does. */
export const commandIn = (script: string) => /\bnext (dev|start)\b/.exec(script)?.[1]

function toDo(name: string, command: string, script: string): string {
  const server = serverIn(script)
  if (server !== undefined)
    return (
      `The script "${name}" in package.json runs your own server, ${server}. Make it call serve() from "heldstate/next" instead of next(); if the ` +
      `server does nothing else, change the script to run "heldstate ${command}".`
    )
  return `The script "${name}" in package.json is ${JSON.stringify(script)}. Change it to run "heldstate ${command}" instead of "next ${command}".`
}

/** Flags of `next` that `heldstate` has too. */
const known =
  /^(?:(?:cross-env )?(?:[A-Z_][A-Z0-9_]*=\S* )*)next (?:dev|start)((?: --turbopack| --turbo| --webpack| (?:-p|--port|-H|--hostname)[ =]\S+)*)$/

/** The script as ours, if it starts Next in a way that we can too, maybe after something else. */
function replaced(script: string, command: string): string | undefined {
  const steps = script.trim().split(' && ')
  const last = steps.pop() ?? ''
  const ours =
    last === 'next' && command === 'dev'
      ? 'heldstate dev'
      : known.test(last)
        ? last.replace(/(^| )next (dev|start)/, '$1heldstate $2')
        : undefined
  return ours === undefined || steps.some(commandIn) ? undefined : [...steps, ours].join(' && ')
}

/** Changes only what differs, in the text as it is written; where that is not possible, writes the whole file. */
function edited(
  text: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string {
  const changed = Object.keys(after).filter((name) => after[name] !== before[name])
  if (changed.length === 0) return text
  const wanted = { ...(JSON.parse(text) as Manifest), scripts: after }
  const attempt = changed.reduce((done, name) => withScript(done, name, before[name], after[name] as string), text)
  if (isSame(attempt, wanted)) return attempt
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  '
  return `${JSON.stringify(wanted, null, indent)}\n`
}

function withScript(text: string, name: string, before: string | undefined, after: string): string {
  const start = text.search(/"scripts"\s*:\s*\{/)
  if (start === -1) return text
  const [head, rest] = [text.slice(0, start), text.slice(start)]
  if (before !== undefined) {
    const pair = new RegExp(`("${name}"\\s*:\\s*)${escaped(JSON.stringify(before))}`)
    return head + rest.replace(pair, (_, key: string) => key + JSON.stringify(after))
  }
  return (
    head + rest.replace(/\{(\s*)(?=")/, (_, space: string) => `{${space}"${name}": ${JSON.stringify(after)},${space}`)
  )
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

function isSame(text: string, wanted: Manifest): boolean {
  try {
    const sorted = (manifest: Manifest) =>
      JSON.stringify({ ...manifest, scripts: Object.entries(manifest.scripts ?? {}).sort() })
    return sorted(JSON.parse(text) as Manifest) === sorted(wanted)
  } catch {
    return false
  }
}
