/**
 * The compiled part of the store on disk, as Next must be told of it for `output: 'standalone'`: what is loaded by a name
 * that is put together while it runs, no bundler can follow.
 */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'

const store = 'lmdb'

/** Globs, from the folder in which Next is run. None where the store is not installed. */
export function nativeFiles(from = process.cwd()): readonly string[] {
  const places = createRequire(import.meta.url).resolve.paths(store) ?? []
  const found = places.map((place) => join(place, store)).find((place) => existsSync(place))
  if (found === undefined) return []
  const folder = join(dirname(realpathSync(found)), `@${store}`, '*')
  return [`${relative(from, folder).split(sep).join('/')}/**`]
}
