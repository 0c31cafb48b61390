/** The draft of a Set: a Set that reads and writes its node. Elements that are containers are drafted too. */
import { type Path, refuse } from '../base/value.js'
import { refuseClone, seal } from './inherited.js'
import { type Commit, Node, nodeKey, nodeOf, type Scope } from './node.js'
import { inspectKey, pairsOf, withAlgebra } from './view.js'

type Elements = Set<unknown>

export class SetNode extends Node<Elements> {
  readonly draft: object
  private readonly added = new Set<unknown>()

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
    this.refuseClosed('Set.add()')
    if (this.latest.has(this.element(value))) return
    const own = this.put(value)
    this.writable('Set.add()').add(own)
    this.added.add(own)
  }

  remove(value: unknown): boolean {
    this.refuseClosed('Set.delete()')
    const element = this.element(value)
    return this.latest.has(element) && this.writable('Set.delete()').delete(element)
  }

  replace(container: Elements, _: unknown, before: unknown, after: unknown): void {
    const elements = exchanged(container, new Map([[before, after]]))
    container.clear()
    for (const element of elements) container.add(element)
  }

  protected copied(base: Elements): Elements {
    return new Set(base)
  }

  protected settled(commit: Commit, path: Path): Elements {
    const replaced = new Map<unknown, unknown>()
    for (const { before, after } of this.settleChildren(commit, path)) replaced.set(before, after)
    for (const element of this.added)
      if (this.latest.has(element)) replaced.set(element, this.settleValue(commit, element, path, '(an element)'))
    if (replaced.size > 0) this.copy = exchanged(this.latest, replaced)
    return isSame(this.base, this.latest) ? this.base : this.latest
  }

  protected noteNothing(): void {
    this.added.clear()
  }

  protected finds(container: Elements, child: Node): boolean {
    return container.has(child.base)
  }
}

function exchanged(elements: Elements, replaced: ReadonlyMap<unknown, unknown>): Elements {
  const exchanged: Elements = new Set()
  for (const element of elements) exchanged.add(replaced.has(element) ? replaced.get(element) : element)
  return exchanged
}

function isSame(base: Elements, next: Elements): boolean {
  const others = next.values()
  return base.size === next.size && [...base].every((value) => Object.is(value, others.next().value))
}

class DraftSet extends Set<unknown> {
  readonly #node: SetNode
  constructor(node: SetNode) {
    super()
    this.#node = node
    refuseClone(this)
    Object.preventExtensions(this)
  }
  get [nodeKey]() {
    return #node in this ? this.#node : (undefined as never)
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
    this[nodeKey].refuseClosed('Set.clear()')
    for (const value of [...this[nodeKey].latest]) this[nodeKey].remove(value)
  }
  override forEach(visit: (value: unknown, key: unknown, set: Set<unknown>) => void, self?: unknown) {
    for (const value of this.values()) visit.call(self, value, value, this)
  }
  override values() {
    return valuesOf(this[nodeKey])
  }
  override entries() {
    return pairsOf(this)
  }
  override keys() {
    return this.values()
  }
  override [Symbol.iterator]() {
    return this.values()
  }
  [inspectKey]() {
    return new Set(this)
  }
}

function* valuesOf(node: SetNode): SetIterator<unknown> {
  for (const value of [...node.latest]) if (node.latest.has(value)) yield node.read(value, '(an element)')
}

withAlgebra(DraftSet)
seal(DraftSet, Set, refuseName, true)

function refuseName(key: PropertyKey, draft: object): never {
  throw refuse([...(nodeOf(draft)?.path ?? []), key], 'a named property on a Set; use add()')
}
