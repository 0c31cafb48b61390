/**
 * What Next must be told of for `output: 'standalone'`, since no bundler can follow it: the SQLite of the store on disk, which
 * is loaded by a name that is put together while it runs, and the client of the redis store, which is not looked
 * for, as it is installed by those alone who use it.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const disk = 'libsql'
const redisClient = 'redis'

/** Globs, from the folder in which Next is run. None of what is not installed. */
export function nativeFiles(from = process.cwd()): readonly string[] {
  const here = fileURLToPath(import.meta.url)
  const found = folderOf(disk, here)
  const native = found ? [join(dirname(realpathSync(found)), `@${disk}`, '*')] : []
  return [...withDependencies(disk, here), ...native, ...withDependencies(redisClient, from)].map(
    (folder) => `${relative(from, folder).split(sep).join('/')}/**`,
  )
}

/** The client of the redis store, if the app has it: Node must load it itself. */
export const clients = (from = process.cwd()) => (folderOf(redisClient, from) === undefined ? [] : [redisClient])

/** Where a package lies that is asked for from a file or a folder. */
function folderOf(name: string, from: string): string | undefined {
  const places = createRequire(join(from, 'file')).resolve.paths(name) ?? []
  return places.map((place) => join(place, name)).find((folder) => existsSync(folder))
}

/** The folders of a package and of all that it needs. */
function withDependencies(name: string, from: string, found = new Set<string>()): ReadonlySet<string> {
  const folder = folderOf(name, from)
  if (folder === undefined || found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const needed of Object.keys(dependencies)) withDependencies(needed, realpathSync(folder), found)
  return found
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
}
