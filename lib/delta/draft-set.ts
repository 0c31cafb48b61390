/** The draft of a Set: a Set that reads and writes its node. Elements that are containers are drafted too. */
import type { Path } from '../base/value.js'
import { Node, nodeKey, nodeOf, type Scope } from './node.js'

type Elements = Set<unknown>

export class SetNode extends Node<Elements> {
  readonly draft: object

  constructor(scope: Scope, base: Elements, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new DraftSet(this)
  }

  /** What of `value` the Set holds: the element itself, or the snapshot value that a draft stands for. */
  element(value: unknown): unknown {
    const base = nodeOf(value)?.base
    return base !== undefined && this.latest.has(base) ? base : value
  }

  add(value: unknown): void {
    if (this.latest.has(this.element(value))) this.refuseClosed('Set.add()')
    else this.writable('Set.add()').add(this.put(value))
  }

  remove(value: unknown): boolean {
    const element = this.element(value)
    return this.latest.has(element) && this.writable('Set.delete()').delete(element)
  }

  protected copied(base: Elements): Elements {
    return new Set(base)
  }

  protected settled(copy: Elements | undefined, path: Path): Elements {
    const after = new Map<unknown, unknown>()
    this.settleChildren(path, (child, before, value) => {
      after.set(before, value)
      after.set(child.draft, value)
    })
    const next = new Set<unknown>()
    for (const value of copy ?? this.base)
      next.add(after.has(value) ? after.get(value) : this.settleValue(value, [...path, '(an element)']))
    return sameElements(this.base, next) ? this.base : next
  }

  protected holds(child: Node): boolean {
    return this.latest.has(child.base) || this.latest.has(child.draft)
  }

  protected keeps(child: Node): boolean {
    return this.latest.has(child.base)
  }
}

function sameElements(base: Elements, next: Elements): boolean {
  const others = next.values()
  return base.size === next.size && [...base].every((value) => Object.is(value, others.next().value))
}

class DraftSet extends Set<unknown> {
  readonly [nodeKey]: SetNode
  constructor(node: SetNode) {
    super()
    this[nodeKey] = node
  }
  override get size() {
    return this[nodeKey].latest.size
  }
  override has(value: unknown) {
    return this[nodeKey].latest.has(this[nodeKey].element(value))
  }
  override add(value: unknown) {
    this[nodeKey].add(value)
    return this
  }
  override delete(value: unknown) {
    return this[nodeKey].remove(value)
  }
  override clear() {
    for (const value of [...this[nodeKey].latest]) this[nodeKey].remove(value)
  }
  override forEach(visit: (value: unknown, key: unknown, set: Set<unknown>) => void) {
    for (const value of this.values()) visit(value, value, this)
  }
  override *values(): SetIterator<unknown> {
    for (const value of [...this[nodeKey].latest]) if (this[nodeKey].latest.has(value)) yield this[nodeKey].read(value, undefined)
  }
  override *entries(): SetIterator<[unknown, unknown]> {
    for (const value of this.values()) yield [value, value]
  }
  override keys() {
    return this.values()
  }
  override [Symbol.iterator]() {
    return this.values()
  }
}
