/** Says in the terminal, when Next starts by itself, that nothing in this app accepts the connections of its pages. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { consoleLog, type Log } from '../../base/log.js'

interface Place {
  /** The command line, after Node. */
  readonly args: readonly string[]
  readonly dir: string
}

export function warnOfUnserved(
  place: Place = { args: process.argv.slice(1), dir: process.cwd() },
  log: Log = consoleLog,
): void {
  const command = nextCommand(place.args)
  if (!command || !isUnattached(place.dir)) return
  log.warn(
    `"next ${command}" starts this app without heldstate: pages show first values, and their calls wait. Run "heldstate ${command}" instead, ` +
      "or add instrumentation.ts next to the folder app, with: export { register } from 'heldstate/next/instrumentation'",
  )
}

/** What `next dev` and `next start` run. Builds load the config, too, and so do tests and servers of one's own. */
function nextCommand([program = '', command]: readonly string[]): 'dev' | 'start' | undefined {
  if (/[\\/]next[\\/]dist[\\/]server[\\/]lib[\\/]start-server\.js$/.test(program)) return 'dev'
  return /^next(\.js)?$/.test(basename(program)) && command === 'start' ? 'start' : undefined
}

/** Whether `dir` is an app, as Next may have been given another folder, that has no instrumentation: what stands in one may attach. */
const isUnattached = (dir: string) =>
  namesIn(dir).some((name) => /^next\.config\.[cm]?[jt]s$/.test(name)) &&
  ![...namesIn(dir), ...namesIn(join(dir, 'src'))].some((name) => /^instrumentation\./.test(name))

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
