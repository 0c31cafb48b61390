/** Adds words to a text of the state, and says so. */
import { HeldStateError } from '../base/errors.js'
import { describe, formatPath, kindOf, MapKey } from '../base/value.js'
import { noteAddition } from './growth.js'
import { type Node, nodeOf } from './node.js'

type TextKeys<Box> = { [K in keyof Box]-?: Box[K] extends string ? K : never }[keyof Box]

/**
 * The same as `box[key] += words`, but what follows from it (what is saved, what pages are sent) costs as much as the words, whatever the
 * length of the text. `box` is the state, or an object or Map in it. Throws `invalid-value` where `key` holds no text.
 */
export function append<Key>(box: Map<Key, string>, key: Key, words: string): void
export function append<Box extends object>(box: Box, key: TextKeys<Box>, words: string): void
export function append(box: object, key: unknown, words: string): void {
  const text = box instanceof Map ? box.get(key) : Reflect.get(box, key as PropertyKey)
  const node = nodeOf(box)
  if (typeof text !== 'string' || typeof words !== 'string') throw noText(box, node, key, text, words)
  const next = text + words
  if (box instanceof Map) box.set(key, next)
  else Reflect.set(box, key as PropertyKey, next)
  if (node && !node.isOwn) noteAddition(node.base, key, text, words, next)
}

function noText(box: object, node: Node | undefined, key: unknown, text: unknown, words: unknown): HeldStateError {
  const place = formatPath([...(node?.path ?? ['the object']), box instanceof Map ? new MapKey(key) : key])
  const says =
    typeof text === 'string'
      ? `append() got ${nameOf(words)} for ${place}. Pass a string: String(value).`
      : `${place} holds ${nameOf(text)}, but append() adds to a string. Initialize the field with a string, such as ''.`
  return new HeldStateError('invalid-value', says)
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return `${value}`
  if (kindOf(value) === 'invalid') return describe(value)
  return typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : `a ${typeof value}`
}
