/** `heldstate doctor`: looks for what is wrong with an app, and with its deployment, and says what to do about it. */
import { keptFolder } from '../next/server/state-dir.js'
import { appFindings } from './app-findings.js'
import { zoneIn } from './config-text.js'
import { deploymentFindings } from './deployment-findings.js'
import { broken, type Finding } from './finding.js'
import { readProject } from './project.js'
import { redisFindings, redisOf } from './redis-findings.js'
import { Refusal } from './refusal.js'
import { storeFindings } from './store-findings.js'
import { paint, type Terminal } from './terminal.js'

export interface DoctorOptions {
  readonly dir: string
  /** Where the app runs; undefined looks at the app alone. */
  readonly url: string | undefined
}

/** The exit code: 1 if something is broken. */
export async function doctor({ dir, url }: DoctorOptions, terminal: Terminal): Promise<number> {
  const findings = [
    ...section(
      'The app',
      refusalsAsFindings(() => appFindings(dir)),
      terminal,
    ),
  ]
  const redis = redisOf(dir)
  if (redis !== '') findings.push(...section('The redis', await redisFindings(dir, redis), terminal))
  else {
    const store = storeFindings(keptFolder(dir))
    if (store.length > 0) findings.push(...section('The store', store, terminal))
  }
  if (url !== undefined) findings.push(...section(url, await deploymentFindings(url, zoneOf(dir)), terminal))
  const count = findings.filter(({ kind }) => kind === 'broken').length
  terminal.say(count === 0 ? 'No problems found.' : `${count} ${count === 1 ? 'thing is' : 'things are'} broken.`)
  return count === 0 ? 0 : 1
}

function zoneOf(dir: string): string | undefined {
  try {
    return zoneIn(readProject(dir))
  } catch (error) {
    if (error instanceof Refusal) return undefined // it was said above
    throw error
  }
}

function section(title: string, findings: readonly Finding[], terminal: Terminal): readonly Finding[] {
  terminal.say(paint(terminal, 'bold', title))
  for (const { kind, text } of findings) terminal.say(`  ${marks(terminal)[kind]} ${text}`)
  terminal.say('')
  return findings
}

const marks = (terminal: Terminal) => ({
  fine: paint(terminal, 'green', 'ok    '),
  note: paint(terminal, 'yellow', 'note  '),
  broken: paint(terminal, 'red', 'broken'),
})

function refusalsAsFindings(look: () => readonly Finding[]): readonly Finding[] {
  try {
    return look()
  } catch (error) {
    if (error instanceof Refusal) return [broken(error.message)]
    throw error
  }
}
