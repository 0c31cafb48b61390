/** The draft of a plain object. */
import { type Path, refuse, sizeInPlace } from '../base/value.js'
import { inheritedBy, isLeaf, isNameIn } from './inherited.js'
import { type Commit, Node, nodeKey } from './node.js'
import { inspectKey } from './view.js'

type Fields = Record<PropertyKey, unknown>

export class ObjectNode extends Node<Fields> {
  private proxy: object | undefined
  /** Keys that were put in or taken out; most commits know one, which needs no Set. */
  private assigned: PropertyKey | undefined
  private assignedMore: Set<PropertyKey> | undefined
  private reordered = false

  get draft(): object {
    this.proxy ??= new Proxy(this, traps)
    return this.proxy
  }

  /** Shows a draft in a console as what it stands for; `this` is the draft. */
  [inspectKey]() {
    return { ...this }
  }

  assign(key: PropertyKey, value: unknown): void {
    if (key === '__proto__') throw refuse(this.path, '"__proto__" as a key')
    const own = this.put(value)
    this.writable(key)[key] = own
    this.note(key)
    this.scope.noted?.note(this as unknown as Node, key, value)
  }

  remove(key: PropertyKey): void {
    this.refuseClosed(key)
    if (!Object.hasOwn(this.latest, key)) return
    delete this.writable(key)[key]
    this.reordered = true
    this.note(key)
  }

  replace(container: Fields, key: unknown, _: unknown, after: unknown): void {
    container[key as PropertyKey] = after
  }

  protected copied(base: Fields): Fields {
    return Object.getPrototypeOf(base) === null ? Object.assign(Object.create(null), base) : { ...base }
  }

  protected settled(commit: Commit, path: Path): Fields {
    const { base } = this
    const changes = this.settleChildren(commit, path)
    if (changes.length > 0) this.copy ??= this.copied(base)
    const next = this.latest
    for (const { key, after } of changes) next[key as PropertyKey] = after
    const changed = this.settleAssigned(commit, next, path) || changes.length > 0
    const reordered = !changed && this.reordered && isReordered(base, next)
    if (changed) this.scope.noteGrowth?.(base, next)
    return changed || reordered ? next : base
  }

  protected noteNothing(): void {
    this.assigned = undefined
    this.assignedMore = undefined
    this.reordered = false
  }

  protected finds(container: Fields, { key, base }: Node): boolean {
    return container[key as PropertyKey] === base
  }

  private settleAssigned(commit: Commit, next: Fields, path: Path): boolean {
    if (this.assigned === undefined) return false
    let changed = this.settleKey(commit, next, path, this.assigned)
    if (this.assignedMore)
      for (const key of this.assignedMore) changed = this.settleKey(commit, next, path, key) || changed
    return changed
  }

  private settleKey(commit: Commit, next: Fields, path: Path, key: PropertyKey): boolean {
    const { base } = this
    const stands = Object.hasOwn(next, key)
    if (!stands) return Object.hasOwn(base, key)
    if (typeof key === 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
    next[key] = this.settleValue(commit, next[key], path, key)
    commit.bytes -= sizeInPlace(base[key], next[key])
    return !Object.is(next[key], base[key]) || !Object.hasOwn(base, key)
  }

  private note(key: PropertyKey): void {
    this.assigned ??= key
    if (this.assigned === key) return
    this.assignedMore ??= new Set()
    this.assignedMore.add(key)
  }
}

function isReordered(base: Fields, next: Fields): boolean {
  const keys = Object.keys(base)
  return Object.keys(next).some((key, index) => key !== keys[index])
}

/** The target is the node; what a draft shows is the node's copy or base. */
const traps: ProxyHandler<ObjectNode> = {
  get: (node, key) => {
    if (key === nodeKey) return node
    const { latest } = node
    const value = latest[key]
    if (isLeaf(value)) return value
    if (Object.hasOwn(latest, key)) return node.read(value, key)
    const inherited = inheritedBy(latest, key)
    if (inherited === undefined) node.refuseForeign(key)
    return inherited
  },
  set: (node, key, value) => {
    if (node.isSame(node.latest[key], value) && Object.hasOwn(node.latest, key)) node.refuseClosed(key)
    else node.assign(key, value)
    return true
  },
  deleteProperty: (node, key) => {
    node.remove(key)
    return true
  },
  defineProperty: (node, key, descriptor) => {
    if (!('value' in descriptor)) throw refuse([...node.path, key], 'a getter or setter')
    node.assign(key, descriptor.value)
    return true
  },
  has: (node, key) => isNameIn(node.latest, key),
  ownKeys: (node) => Reflect.ownKeys(node.latest),
  getOwnPropertyDescriptor: (node, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(node.latest, key)
    if (!descriptor) return undefined
    return { value: node.read(descriptor.value, key), writable: true, enumerable: true, configurable: true }
  },
  getPrototypeOf: (node) => Reflect.getPrototypeOf(node.latest),
  setPrototypeOf: (node) => node.refuseForm('take another prototype'),
  preventExtensions: (node) => node.refuseForm('be frozen'),
}
