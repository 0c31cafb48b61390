/**
 * Values as JSON. What JSON can carry stays as it is; a value that holds more (a Date, a Map, undefined, NaN, ...) is
 * wrapped whole, as text of devalue under one reserved key.
 */
import { parse, stringify } from 'devalue'
import { HeldStateError } from './errors.js'
import { copyValue } from './value.js'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const wrapper = '$held'

export function encode(value: unknown): Json {
  if (isJson(value)) return value
  return { [wrapper]: stringify(value) }
}

/** The value that `encode` was given. Takes anything: what is malformed or may not live in state is `invalid-message`. */
export function decode(json: unknown): unknown {
  if (!isWrapped(json)) return json
  try {
    return copyValue(parse(json[wrapper]), ['value'])
  } catch (error) {
    throw new HeldStateError('invalid-message', 'Malformed message: a value could not be decoded.', { cause: error })
  }
}

function isWrapped(json: unknown): json is { [wrapper]: string } {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, wrapper) && typeof (json as { [wrapper]: unknown })[wrapper] === 'string'
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

function isJsonContainer(value: object): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in value) if (key === wrapper || !isJson((value as Record<string, unknown>)[key])) return false
  return true
}
