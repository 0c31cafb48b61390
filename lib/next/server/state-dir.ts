/**
 * The folder in which the server of an app keeps what must outlive it: the state of tabs, and the secret that signs their
 * tokens if the environment gives none. It ignores itself in git.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HeldStateError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'

/** HELDSTATE_DIR, or `.heldstate` in the folder of the app. */
export const keptFolder = (dir: string, environment = process.env.HELDSTATE_DIR) =>
  environment ? resolve(environment) : join(dir, '.heldstate')

/** Makes the folder; throws `store-not-writable` if that is impossible. */
export function makeKeptFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, '.gitignore'), '*\n')
  } catch (cause) {
    throw new HeldStateError(
      'store-not-writable',
      `State cannot be stored in ${folder}: ${messageOf(cause)}. Make the folder writable, or pass ` +
        'another store to serve(): serve({ hub: { store: memoryStore() } }), with memoryStore from "heldstate/server".',
      { cause },
    )
  }
}

/**
 * Throws `weak-secret` if one of them is shorter than a secret may be; in development it is only said. A phrase with a
 * comma comes here as several short ones.
 */
export function refuseWeak(secrets: readonly string[], development: boolean, log: Log): void {
  const { leastSecretLength } = processLimits
  const weak = secrets.find((secret) => secret.length < leastSecretLength)
  if (weak === undefined) return
  const sentence =
    `A secret in HELDSTATE_SECRET or in the options of the hub has ${weak.length} characters, and ${leastSecretLength} are the minimum: anyone who guesses it can ` +
    'act as any tab. Commas separate secrets, so a secret cannot contain one. Generate one: openssl rand -hex 32'
  if (!development) throw new HeldStateError('weak-secret', sentence)
  log.warn(`${sentence} (In production the app does not start.)`)
}

/** Throws `missing-secret` if there is none: each of the processes that share state would sign with another one. */
export function sharedSecret(environment = process.env.HELDSTATE_SECRET): readonly string[] {
  const secrets = secretsIn(environment)
  if (secrets.length > 0) return secrets
  throw new HeldStateError(
    'missing-secret',
    'Processes share state but have no shared secret, so a tab that connects to another process would lose its state. ' +
      'Generate a secret with "openssl rand -hex 32" and set it for each process: HELDSTATE_SECRET=…',
  )
}

/** HELDSTATE_SECRET, the one that signs first; else one that is made once and kept in `folder`. */
export function keptSecret(folder: string, environment = process.env.HELDSTATE_SECRET): readonly string[] {
  const secrets = secretsIn(environment)
  if (secrets.length > 0) return secrets
  const file = join(folder, 'secret')
  makeKeptFolder(folder)
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch {} // there is one already, also if two servers start at once
  return [readFileSync(file, 'utf8').trim()]
}

function secretsIn(environment = ''): readonly string[] {
  const given = environment.split(',').map((secret) => secret.trim())
  return given.filter((secret) => secret !== '')
}
