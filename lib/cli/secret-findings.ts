/** The secret that signs the tokens of tabs. Of its text nothing is ever shown. */
import { processLimits } from '../base/server-limits.js'
import { broken, type Finding, fine, note } from './finding.js'
import { settingOf } from './setting.js'

const makeOne = 'openssl rand -hex 32'

/** `isShared` says that several processes share the state, and so must be given one secret. */
export function secretFindings(
  dir: string,
  environment = process.env.HELDSTATE_SECRET,
  isShared = false,
): readonly Finding[] {
  const { from, value } = settingOf(dir, 'HELDSTATE_SECRET', environment)
  const secrets = value
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
  if (secrets.length === 0 && isShared)
    return [
      broken(
        `HELDSTATE_REDIS is set, and HELDSTATE_SECRET is not: the app does not start in production. Make one for all processes with: ${makeOne}`,
      ),
    ]
  if (secrets.length === 0)
    return [
      note(
        'HELDSTATE_SECRET is not set, so a secret is made and kept in .heldstate. That is fine on a machine whose disk stays; ' +
          `where the disk is new with each deploy, tabs would lose their state: set it there. Make one with: ${makeOne}`,
      ),
    ]
  const short = secrets.filter((secret) => secret.length < processLimits.secretLength)
  if (short.length === 0) return [fine(`HELDSTATE_SECRET is set in ${from}`)]
  return [
    broken(
      `HELDSTATE_SECRET in ${from} is shorter than ${processLimits.secretLength} characters, and could be guessed. Make one with: ${makeOne}. ` +
        'Put it before the old one with a comma between, and tabs keep their state.',
    ),
  ]
}
