/** The draft of a Map: a Map that reads and writes its node. */
import { checkKey, type Path } from '../base/value.js'
import { Node, nodeKey, type Scope } from './node.js'

type Entries = Map<unknown, unknown>

export class MapNode extends Node<Entries> {
  readonly draft: object
  private assigned = new Set<unknown>()

  constructor(scope: Scope, base: Entries, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new DraftMap(this)
  }

  assign(key: unknown, value: unknown): void {
    checkKey(key, [])
    if (this.latest.has(key) && Object.is(this.latest.get(key), value)) return this.refuseClosed('Map.set()')
    this.writable(`Map.set(${String(key)})`).set(key, this.put(value))
    this.assigned.add(key)
  }

  remove(key: unknown): boolean {
    if (!this.latest.has(key)) return false
    this.assigned.add(key)
    return this.writable(`Map.delete(${String(key)})`).delete(key)
  }

  protected copied(base: Entries): Entries {
    return new Map(base)
  }

  protected settled(copy: Entries | undefined, path: Path): Entries {
    const { base } = this
    let next = copy
    let changed = this.assigned.size > 0
    this.settleChildren(path, ({ key }, before, after) => {
      if (before === after) return
      next ??= new Map(base)
      next.set(key, after)
      changed = true
    })
    for (const key of this.assigned) if (next?.has(key)) next.set(key, this.settleValue(next.get(key), [...path, key]))
    this.assigned = new Set()
    return changed && next && !sameEntries(base, next) ? next : base
  }

  protected holds(child: Node): boolean {
    const held = this.latest.get(child.key)
    return held === child.base || held === child.draft
  }

  protected keeps(child: Node): boolean {
    return this.latest.get(child.key) === child.base
  }
}

function sameEntries(base: Entries, next: Entries): boolean {
  if (base.size !== next.size) return false
  const others = next.entries()
  for (const [key, value] of base) {
    const [otherKey, otherValue] = others.next().value as [unknown, unknown]
    if (!Object.is(key, otherKey) || !Object.is(value, otherValue)) return false
  }
  return true
}

class DraftMap extends Map<unknown, unknown> {
  readonly [nodeKey]: MapNode
  constructor(node: MapNode) {
    super()
    this[nodeKey] = node
  }
  override get size() {
    return this[nodeKey].latest.size
  }
  override get(key: unknown) {
    return this[nodeKey].read(this[nodeKey].latest.get(key), key)
  }
  override has(key: unknown) {
    return this[nodeKey].latest.has(key)
  }
  override set(key: unknown, value: unknown) {
    this[nodeKey].assign(key, value)
    return this
  }
  override delete(key: unknown) {
    return this[nodeKey].remove(key)
  }
  override clear() {
    for (const key of [...this.keys()]) this[nodeKey].remove(key)
  }
  override forEach(visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void) {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }
  override *entries(): MapIterator<[unknown, unknown]> {
    for (const key of this.keys()) yield [key, this.get(key)]
  }
  /** Over a copy of the keys, so that a loop may write; a key that was deleted meanwhile is left out. */
  override *keys(): MapIterator<unknown> {
    for (const key of [...this[nodeKey].latest.keys()]) if (this.has(key)) yield key
  }
  override *values(): MapIterator<unknown> {
    for (const key of this.keys()) yield this.get(key)
  }
  override [Symbol.iterator]() {
    return this.entries()
  }
}
