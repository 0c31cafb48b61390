/** Patches as JSON, on the wire and in stores. */
import { decode, encode, type Json } from '../base/encode.js'
import type { Key, Patch } from '../delta/patch.js'
import { count, list, malformed } from './from-hub.js'

/** A patch as JSON. */
export function writePatch(patch: Patch): Json {
  const path = patch[0].map(encode)
  if (patch.length === 1) return [path]
  if (patch.length === 2) return [path, encode(patch[1])]
  return [path, patch[1], patch[2], patch[3].map(encode)]
}

/** Reads what `writePatch` wrote. */
export function readPatch(value: unknown): Patch {
  const [path, ...rest] = list(value)
  const keys = list(path).map(decode) as Key[]
  if (rest.length === 0) return [keys]
  if (rest.length === 1) return [keys, decode(rest[0])]
  if (rest.length === 3) return [keys, count(rest[0]), count(rest[1]), list(rest[2]).map(decode)]
  throw malformed('a patch with a wrong number of parts')
}
