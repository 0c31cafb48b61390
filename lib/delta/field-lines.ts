/** Where the fields of a draft were written that were not there before, or were of another kind: for messages in development. */
import { kindOf } from '../base/value.js'
import type { Node } from './node.js'

export class FieldLines {
  private lines: Map<PropertyKey, Error> | undefined

  /** A value was put into an object of the draft. */
  note(node: Node, key: PropertyKey, value: unknown): void {
    if (node.parent || node.isOwn) return
    const before = (node.base as Readonly<Record<PropertyKey, unknown>>)[key]
    const isKnown = Object.hasOwn(node.base, key)
    if (isKnown && (before == null || (typeof before === typeof value && kindOf(before) === kindOf(value)))) return
    this.lines ??= new Map()
    this.lines.set(key, new Error('The field was written here.'))
  }

  of(field: string): Error | undefined {
    return this.lines?.get(field)
  }
}
