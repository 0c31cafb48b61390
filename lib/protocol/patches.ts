/** Patches as JSON, on the wire and in stores. */
import { decode, encode, type Json } from '../base/encode.js'
import type { Key, Patch } from '../delta/patch.js'
import { count, list, malformed } from './from-hub.js'

/** A patch as JSON. */
export function writePatch(patch: Patch): Json {
  const path = patch[0].map(encode)
  if (patch.length === 1) return [path]
  if (patch.length === 2) return [path, encode(patch[1])]
  const [, start, deleteCount, come] = patch
  return [path, start, deleteCount, typeof come === 'string' ? come : come.map(encode)]
}

/** Reads what `writePatch` wrote. */
export function readPatch(value: unknown): Patch {
  const [path, ...rest] = list(value)
  const keys = list(path).map(decode) as Key[]
  if (rest.length === 0) return [keys]
  if (rest.length === 1) return [keys, decode(rest[0])]
  if (rest.length === 3) {
    const [start, deleteCount, come] = rest
    return [keys, count(start), count(deleteCount), typeof come === 'string' ? come : list(come).map(decode)] as Patch
  }
  throw malformed('a patch with a wrong number of parts')
}
