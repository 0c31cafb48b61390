/** The redis-server for the tests of the redis store: one that is here, or else one that this brings. Returns its path. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A server on this machine, if there is one. */
export function findRedis() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const known = ['redis-server', 'valkey-server'].flatMap((name) => folders.map((folder) => join(folder, name)))
  return [process.env.REDIS_SERVER, ...known].find((path) => path && existsSync(path))
}

/** The package of a Debian system. */
export function bringRedis() {
  if (!findRedis() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    attempt('apt-get', ['update'])
    // the tests start one of their own, and the package shall start none
    attempt('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], { RUNLEVEL: '1' })
  }
  const brought = findRedis()
  if (brought) return brought
  throw new Error(
    'No redis-server for the tests of the redis store: install version 7 or newer ("apt-get install redis-server", "brew install redis"), or name it in REDIS_SERVER.',
  )
}

function attempt(command, args, env) {
  try {
    execFileSync(command, args, { stdio: 'inherit', timeout: 300_000, env: { ...process.env, ...env } })
  } catch {
    // the end says what is missing
  }
}
