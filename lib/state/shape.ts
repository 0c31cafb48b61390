/**
 * The shape of a state: which fields its definition declares, and of what kind their first values are. It is saved with
 * the state, so that code that was deployed since knows what it finds.
 */
import { kindOf } from '../base/value.js'

export interface Shape {
  /** Of the definition, as its author counts; 1 without `.version(...)`. */
  readonly version: number
  /** What the first value of each field is: `number`, `text`, `list`, ... */
  readonly kinds: Readonly<Record<string, string>>
}

export function shapeOf(version: number, initial: object): Shape {
  const kinds = Object.entries(initial).map(([name, value]) => [name, kindWord(value)])
  return { version, kinds: Object.fromEntries(kinds) }
}

export function isSameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  const [names, others] = [Object.keys(a.kinds), Object.keys(b.kinds)]
  return (
    a.version === b.version && names.length === others.length && names.every((name) => a.kinds[name] === b.kinds[name])
  )
}

/**
 * The fields that fit a new shape: all but those that were declared as another kind of value then. What is `undefined` or
 * `null` at first may be anything later, so it fits.
 */
export function fitting<T>(fields: Readonly<Record<string, T>>, before: Shape, now: Shape): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => fits(before.kinds[name], now.kinds[name])))
}

const fits = (before: string | undefined, now: string | undefined) =>
  before === undefined || now === undefined || before === now || before === 'nothing' || now === 'nothing'

export function kindWord(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const kind = kindOf(value)
  return kind === 'primitive' ? typeof value : kind
}
