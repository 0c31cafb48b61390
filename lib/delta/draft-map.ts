/** The draft of a Map: a Map that reads and writes its node. */
import { checkKey, MapKey, type Path, refuse, sizeInPlace } from '../base/value.js'
import { addNewer, refuseClone, seal } from './inherited.js'
import { type Commit, Node, nodeKey, nodeOf, type Scope } from './node.js'
import { inspectKey } from './view.js'

type Entries = Map<unknown, unknown>

export class MapNode extends Node<Entries> {
  readonly draft: object
  private readonly assigned = new Set<unknown>()
  private reordered = false

  constructor(scope: Scope, base: Entries, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new DraftMap(this)
  }

  assign(key: unknown, value: unknown): void {
    checkKey(key, this.path)
    const held = this.latest.get(key)
    this.refuseClosed(`Map.set(${String(key)})`)
    if (this.isSame(held, value) && this.latest.has(key)) return
    const own = this.put(value)
    this.writable('Map.set()').set(key, own)
    this.assigned.add(key)
  }

  remove(key: unknown): boolean {
    this.refuseClosed(`Map.delete(${String(key)})`)
    if (!this.latest.has(key)) return false
    this.assigned.add(key)
    this.reordered = true
    return this.writable('Map.delete()').delete(key)
  }

  override step(key: unknown): MapKey {
    return new MapKey(key)
  }

  replace(container: Entries, key: unknown, _: unknown, after: unknown): void {
    container.set(key, after)
  }

  protected copied(base: Entries): Entries {
    return new Map(base)
  }

  protected settled(commit: Commit, path: Path): Entries {
    const { base } = this
    const changes = this.settleChildren(commit, path)
    if (changes.length > 0) this.copy ??= this.copied(base)
    const next = this.latest
    for (const { key, after } of changes) next.set(key, after)
    const changed = this.settleAssigned(commit, next, path) || changes.length > 0
    const reordered = !changed && this.reordered && isReordered(base, next)
    if (changed) this.scope.noteGrowth?.(base, next)
    return changed || reordered ? next : base
  }

  protected noteNothing(): void {
    this.assigned.clear()
    this.reordered = false
  }

  protected finds(container: Entries, { key, base }: Node): boolean {
    return container.get(key) === base
  }

  private settleAssigned(commit: Commit, next: Entries, path: Path): boolean {
    const { base } = this
    let changed = false
    for (const key of this.assigned) {
      const stands = next.has(key)
      if (stands) {
        next.set(key, this.settleValue(commit, next.get(key), path, key))
        commit.bytes -= sizeInPlace(base.get(key), next.get(key))
      }
      changed ||= stands !== base.has(key) || !Object.is(next.get(key), base.get(key))
    }
    return changed
  }
}

function isReordered(base: Entries, next: Entries): boolean {
  const keys = [...base.keys()]
  return [...next.keys()].some((key, index) => !Object.is(key, keys[index]))
}

class DraftMap extends Map<unknown, unknown> {
  readonly #node: MapNode
  constructor(node: MapNode) {
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
    this[nodeKey].refuseClosed('Map.clear()')
    for (const key of this.keys()) this[nodeKey].remove(key)
  }
  override forEach(visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void, self?: unknown) {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this)
  }
  override entries() {
    return entriesOf(this)
  }
  override keys() {
    return keysOf(this)
  }
  override values() {
    return valuesOf(this)
  }
  override [Symbol.iterator]() {
    return this.entries()
  }
  [inspectKey]() {
    return new Map(this)
  }
}

function* entriesOf(draft: DraftMap): MapIterator<[unknown, unknown]> {
  for (const key of draft.keys()) yield [key, draft.get(key)]
}

/** Over a copy of the keys, so that a loop may write; a key that was deleted meanwhile is left out. */
function* keysOf(draft: DraftMap): MapIterator<unknown> {
  for (const key of [...draft[nodeKey].latest.keys()]) if (draft.has(key)) yield key
}

function* valuesOf(draft: DraftMap): MapIterator<unknown> {
  for (const key of draft.keys()) yield draft.get(key)
}

addNewer(DraftMap, Map, {
  getOrInsert(this: DraftMap, key: unknown, value: unknown) {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  },
  getOrInsertComputed(this: DraftMap, key: unknown, make: (key: unknown) => unknown) {
    if (typeof make !== 'function') throw new TypeError(`${String(make)} is not a function`)
    if (!this.has(key)) this.set(key, make(key))
    return this.get(key)
  },
})

seal(DraftMap, Map, refuseName, true)

function refuseName(key: PropertyKey, draft: object): never {
  throw refuse([...(nodeOf(draft)?.path ?? []), key], 'a named property on a Map; use set()')
}
