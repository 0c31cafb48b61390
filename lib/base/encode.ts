/**
 * Values as JSON. What JSON can carry stays as it is; a value that holds more (a Date, a Map, undefined, NaN, ...) is
 * wrapped whole, as text of devalue under one reserved key.
 */
import { stringify, unflatten } from 'devalue'
import { copyValue } from './copy.js'
import { HeldStateError } from './errors.js'
import { pageLimits } from './limits.js'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const wrapper = '$held'

export function encode(value: unknown): Json {
  if (isJson(value)) return value
  return { [wrapper]: stringify(value) }
}

/** Large containers of snapshots that were found to be JSON: a snapshot never changes, and many tabs can be sent the same. */
const knownJson = new WeakSet<object>()

/** `encode` of a view, whose parts are snapshots. */
export function encodeView(view: unknown): Json {
  if (typeof view !== 'object' || view === null || Object.getPrototypeOf(view) !== Object.prototype) return encode(view)
  return Object.entries(view).every(([key, part]) => key !== wrapper && key !== '__proto__' && isJsonSnapshot(part))
    ? (view as Json)
    : encode(view)
}

function isJsonSnapshot(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return isJson(part)
  if (knownJson.has(part)) return true
  const is = isJsonContainer(part)
  if (is) knownJson.add(part)
  return is
}

/** The value that `encode` was given. Takes anything: what is malformed or may not live in state is `invalid-message`. */
export function decode(json: unknown): unknown {
  try {
    if (isWrapped(json)) return unwrap(json[wrapper])
    if (json === undefined || isJson(json)) return json
  } catch (error) {
    throw malformed({ cause: error })
  }
  throw malformed()
}

/** Text can name one container at many places, and so stand for far more than its length: that much is not copied. */
function unwrap(text: string): unknown {
  const flat: unknown = JSON.parse(text)
  if (Array.isArray(flat) && flat.some(isLongBigint)) throw malformed()
  let left = text.length
  return copyValue(unflatten(flat as number | unknown[]), ['value'], () => {
    left -= 1
    if (left < 0) throw malformed()
    return undefined
  })
}

/**
 * Reading and writing the digits of a bigint takes about the square of their number. What is parsed is looked at, since a text can be
 * written in many ways: with spaces, escapes, in hexadecimal, or in a list.
 */
const isLongBigint = (item: unknown) =>
  Array.isArray(item) && item[0] === 'BigInt' && String(item[1]).length > pageLimits.bigintDigits

const malformed = (options?: ErrorOptions) =>
  new HeldStateError('invalid-message', 'Malformed message: a value could not be decoded.', options)

/** Whether it is wrapped whole, as text that can stand for more than its length. */
export function isWrapped(json: unknown): json is { [wrapper]: string } {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, wrapper)) return false
  return typeof (json as { [wrapper]: unknown })[wrapper] === 'string' && Object.keys(json).length === 1
}

function isJson(value: unknown): value is Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || isJsonContainer(value)
    default:
      return false
  }
}

/** Of an object without a prototype, JSON would make one that has one. */
function isJsonContainer(value: object): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.keys(value).every((key) => isJsonEntry(key, (value as Record<string, unknown>)[key]))
}

const isJsonEntry = (key: string, item: unknown) => key !== wrapper && key !== '__proto__' && isJson(item)
