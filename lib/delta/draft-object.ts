/** The draft of a plain object. */
import { type Path, refuse } from '../base/value.js'
import type { Commit } from './commit.js'
import { Node, nodeKey, type Scope } from './node.js'
import { inspectKey } from './view.js'

type Fields = Record<PropertyKey, unknown>

export class ObjectNode extends Node<Fields> {
  readonly draft: object
  private assigned: Set<PropertyKey> | undefined
  private reordered = false

  constructor(scope: Scope, base: Fields, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new Proxy(new Target(this), traps)
  }

  assign(key: PropertyKey, value: unknown): void {
    if (key === '__proto__') throw refuse(this.path, '"__proto__" as a key')
    const own = this.put(value)
    this.writable(key)[key] = own
    this.note(key)
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
    this.assigned = undefined
    this.reordered = false
    return changed || reordered ? next : base
  }

  protected finds(container: Fields, { key, base }: Node): boolean {
    return container[key as PropertyKey] === base
  }

  private settleAssigned(commit: Commit, next: Fields, path: Path): boolean {
    const { base } = this
    let changed = false
    for (const key of this.assigned ?? []) {
      const stands = Object.hasOwn(next, key)
      if (stands && typeof key === 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
      if (stands) next[key] = this.settleValue(commit, next[key], path, key)
      changed ||= stands !== Object.hasOwn(base, key) || !Object.is(next[key], base[key])
    }
    return changed
  }

  private note(key: PropertyKey): void {
    this.assigned ??= new Set()
    this.assigned.add(key)
  }
}

function isReordered(base: Fields, next: Fields): boolean {
  const keys = Object.keys(base)
  return Object.keys(next).some((key, index) => key !== keys[index])
}

/** The proxy's target only carries the node: what it shows lives in the node's copy or base. */
class Target {
  readonly node: ObjectNode
  constructor(node: ObjectNode) {
    this.node = node
  }
  [inspectKey]() {
    return { ...this }
  }
}

const of = (target: object) => (target as Target).node

const traps: ProxyHandler<object> = {
  get: (target, key) => {
    const node = of(target)
    if (key === nodeKey) return node
    const value = node.latest[key]
    return typeof value === 'object' && Object.hasOwn(node.latest, key) ? node.read(value, key) : value
  },
  set: (target, key, value) => {
    const node = of(target)
    if (node.isSame(node.latest[key], value) && Object.hasOwn(node.latest, key)) node.refuseClosed(key)
    else node.assign(key, value)
    return true
  },
  deleteProperty: (target, key) => {
    of(target).remove(key)
    return true
  },
  defineProperty: (target, key, descriptor) => {
    const node = of(target)
    if (!('value' in descriptor)) throw refuse([...node.path, key], 'a getter or setter')
    node.assign(key, descriptor.value)
    return true
  },
  has: (target, key) => Reflect.has(of(target).latest, key),
  ownKeys: (target) => Reflect.ownKeys(of(target).latest),
  getOwnPropertyDescriptor: (target, key) => {
    const node = of(target)
    const descriptor = Reflect.getOwnPropertyDescriptor(node.latest, key)
    if (!descriptor) return undefined
    return { value: node.read(descriptor.value, key), writable: true, enumerable: true, configurable: true }
  },
  getPrototypeOf: (target) => Reflect.getPrototypeOf(of(target).latest),
  setPrototypeOf: () => false,
  preventExtensions: () => false,
}
