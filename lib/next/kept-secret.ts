/**
 * The folder in which the custom server keeps what must outlive it: the state of tabs, and the secret that signs their
 * tokens if the environment gives none. It ignores itself in git.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeldStateError, messageOf } from '../base/errors.js'

export const keptFolder = (dir: string) => join(dir, '.heldstate')

/** Makes the folder; throws `cannot-store` if that is impossible. */
export function makeKeptFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '.gitignore'), '*\n')
  } catch (cause) {
    throw new HeldStateError(
      'cannot-store',
      `The state of tabs could not be kept in ${folder}: ${messageOf(cause)}. Make the folder writable, or give serve() ` +
        'another store: serve({ hub: { store: memoryStore() } }), with memoryStore from "heldstate/server".',
      { cause },
    )
  }
}

/** HELDSTATE_SECRET, the one that signs first; else one that is made once and kept in `folder`. */
export function keptSecret(folder: string, environment = process.env.HELDSTATE_SECRET): readonly string[] {
  const given = (environment ?? '').split(',').map((secret) => secret.trim())
  const secrets = given.filter((secret) => secret !== '')
  if (secrets.length > 0) return secrets
  const file = join(folder, 'secret')
  makeKeptFolder(folder)
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch {} // there is one already, also if two servers start at once
  return [readFileSync(file, 'utf8').trim()]
}
