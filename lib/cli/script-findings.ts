/** Whether the scripts of package.json start heldstate with Next. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { attachLine, instrumentationFor, isAttached } from './attached.js'
import { isStandalone } from './config-text.js'
import { broken, type Finding, fine, note } from './finding.js'
import type { Project } from './project.js'
import { commandIn, serverIn, startsHeldState } from './scripts.js'

export function scriptFindings(project: Project): readonly Finding[] {
  const { scripts = {} } = project.manifest
  return [
    ...standaloneFindings(project),
    ...(['dev', 'start'] as const).map((name) => {
      const script = scripts[name]
      if (script === undefined)
        return note(`package.json has no script "${name}". Add it: "${name}": "heldstate ${name}".`)
      return scriptFinding(project, name, script)
    }),
    ...otherFindings(project, scripts),
  ]
}

/** Scripts of other names, as `preview`. */
function otherFindings(project: Project, scripts: Readonly<Record<string, string>>): readonly Finding[] {
  if (isAttached(project)) return []
  return Object.entries(scripts).flatMap(([name, script]) => {
    const command = commandIn(script)
    if (command === undefined || name === 'dev' || name === 'start') return []
    return [
      note(
        `The script "${name}" runs ${JSON.stringify(script)}, which starts Next without heldstate. Change it to run "heldstate ${command}".`,
      ),
    ]
  })
}

/** Its server is Next's own, whatever the scripts start. */
function standaloneFindings(project: Project): readonly Finding[] {
  if (!isStandalone(project)) return []
  const file = instrumentationFor(project)
  if (isAttached(project)) return [fine(`${file} attaches heldstate to the server of the standalone build`)]
  return [
    broken(
      `${project.config} has output: "standalone", whose server.js starts Next without heldstate, so no page can connect. Add to ${file}: ${attachLine}`,
    ),
  ]
}

function scriptFinding(project: Project, name: 'dev' | 'start', script: string): Finding {
  const { dir } = project
  if (/\bheldstate (dev|start)\b/.test(script)) return fine(`the script "${name}" runs ${script}`)
  if (isAttached(project) && startsNext(script))
    return fine(`the script "${name}" runs ${script}, and ${instrumentationFor(project)} attaches heldstate`)
  const server = serverIn(script)
  if (server !== undefined && existsSync(join(dir, server)))
    return startsHeldState(dir, server)
      ? fine(`the script "${name}" runs ${server}, which starts heldstate`)
      : broken(
          `The script "${name}" runs ${server}, which does not call serve() from "heldstate/next". Call it instead of next().`,
        )
  if (startsNext(script))
    return broken(
      `The script "${name}" runs ${JSON.stringify(script)}, which starts Next without heldstate. Change it to run "heldstate ${name}", ` +
        `or add to ${instrumentationFor(project)}: ${attachLine}`,
    )
  return note(`The script "${name}" runs ${JSON.stringify(script)}; it must start "heldstate ${name}" or call serve().`)
}

/** By its own commands, or by the server of a standalone build. */
const startsNext = (script: string) =>
  /(^|\s)next(\s+(dev|start))?(\s|$)/.test(script) || /\bstandalone\/\S*server\.js\b/.test(script)
