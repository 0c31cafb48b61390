/** Reads what comes from the hub. */
import { HeldStateError } from '../base/errors.js'

export function count(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw malformed(`expected an integer, got ${JSON.stringify(value)}`)
}

export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw malformed('expected a list')
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw malformed('expected a string')
}

export const malformed = (message: string) =>
  new HeldStateError('invalid-message', `Malformed message from the hub: ${message}.`)
