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
        `HELDSTATE_REDIS is set but HELDSTATE_SECRET is not, so the app will not start in production. Generate one secret for all processes: ${makeOne}`,
      ),
    ]
  if (secrets.length === 0)
    return [
      note(
        'HELDSTATE_SECRET is not set, so a secret is generated and stored in .heldstate. That works if the disk persists. ' +
          `If each deploy gets a new disk, tabs lose their state: set the variable. Generate a secret: ${makeOne}`,
      ),
    ]
  const short = secrets.filter((secret) => secret.length < processLimits.secretLength)
  if (short.length === 0) return [fine(`HELDSTATE_SECRET is set in ${from}`)]
  return [
    broken(
      `HELDSTATE_SECRET in ${from} is shorter than ${processLimits.secretLength} characters, so it could be guessed. Generate one: ${makeOne}. Put it before the old one, separated by a ` +
        'comma, and tabs keep their state.',
    ),
  ]
}
