/** Turborepo, which runs scripts with those variables of the environment alone that its settings name. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Finding, note } from './finding.js'
import { jsoncIn } from './jsonc.js'

export function turboFindings(dir: string): readonly Finding[] {
  const file = settingsAbove(dir)
  if (file === undefined || namesOurs(jsoncIn(file))) return []
  return [
    note(
      `${file} does not pass heldstate's variables on, so a server started by "turbo run" has neither HELDSTATE_SECRET nor HELDSTATE_REDIS. Add: ` +
        '"globalPassThroughEnv": ["HELDSTATE_*"]',
    ),
  ]
}

function settingsAbove(dir: string): string | undefined {
  const found = ['turbo.json', 'turbo.jsonc'].map((name) => join(dir, name)).find((file) => existsSync(file))
  const isTop = dirname(dir) === dir || existsSync(join(dir, '.git'))
  return found ?? (isTop ? undefined : settingsAbove(dirname(dir)))
}

/** Somewhere among the variables that are handed on, for all tasks or for one. */
function namesOurs(settings: unknown, within = false): boolean {
  if (typeof settings === 'string') return within && (settings === '*' || settings.startsWith('HELDSTATE_'))
  if (typeof settings !== 'object' || settings === null) return false
  return Object.entries(settings).some(([key, value]) => namesOurs(value, within || /env$/i.test(key)))
}
