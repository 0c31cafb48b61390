/** The secret that signs the tokens of tabs. Of its text nothing is ever shown. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixedLimits } from '../base/limits.js'
import { broken, type Finding, fine, note } from './finding.js'

/** In the order in which Next lets them win for production. */
const files = ['.env.production.local', '.env.local', '.env.production', '.env']

const makeOne = 'openssl rand -hex 32'

export function secretFindings(dir: string, environment = process.env.HELDSTATE_SECRET): readonly Finding[] {
  const { from, value } = given(dir, environment)
  const secrets = value
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
  if (secrets.length === 0)
    return [
      note(
        'HELDSTATE_SECRET is not set, so a secret is made and kept in .heldstate. That is fine on a machine whose disk stays; ' +
          `where the disk is new with each deploy, tabs would lose their state: set it there. Make one with: ${makeOne}`,
      ),
    ]
  const short = secrets.filter((secret) => secret.length < fixedLimits.secretLength)
  if (short.length === 0) return [fine(`HELDSTATE_SECRET is set in ${from}`)]
  return [
    broken(
      `HELDSTATE_SECRET in ${from} is shorter than ${fixedLimits.secretLength} characters, and could be guessed. Make one with: ${makeOne}. ` +
        'Put it before the old one with a comma between, and tabs keep their state.',
    ),
  ]
}

function given(dir: string, environment: string | undefined): { readonly from: string; readonly value: string } {
  if (environment) return { from: 'the environment', value: environment }
  for (const name of files) {
    const file = join(dir, name)
    const found = existsSync(file) && /^\s*(?:export\s+)?HELDSTATE_SECRET\s*=\s*(.*)$/m.exec(readFileSync(file, 'utf8'))
    if (found) return { from: name, value: unquoted((found[1] ?? '').trim()) }
  }
  return { from: '', value: '' }
}

const unquoted = (text: string) => /^(["'])(.*)\1/.exec(text)?.[2] ?? text.replace(/\s+#.*$/, '')
