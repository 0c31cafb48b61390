/** The draft of a plain object. */
import { type Path, refuse } from '../base/value.js'
import { Node, nodeKey, type Scope } from './node.js'

type Fields = Record<PropertyKey, unknown>

export class ObjectNode extends Node<Fields> {
  readonly draft: object
  private assigned: Set<PropertyKey> | undefined

  constructor(scope: Scope, base: Fields, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new Proxy({ node: this } as unknown as object, traps)
  }

  assign(key: PropertyKey, value: unknown): void {
    this.writable(key)[key] = this.put(value)
    this.note(key)
  }

  remove(key: PropertyKey): void {
    delete this.writable(key)[key]
    this.note(key)
  }

  private note(key: PropertyKey): void {
    this.assigned ??= new Set()
    this.assigned.add(key)
  }

  protected copied(base: Fields): Fields {
    return Object.getPrototypeOf(base) === null ? Object.assign(Object.create(null), base) : { ...base }
  }

  protected settled(copy: Fields | undefined, path: Path): Fields {
    const { base } = this
    let next = copy
    this.settleChildren(path, ({ key }, before, after) => {
      if (before === after) return
      next ??= this.copied(base)
      next[key as PropertyKey] = after
    })
    for (const key of this.assigned ?? []) {
      if (!next || !Object.hasOwn(next, key)) continue
      if (typeof key === 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
      if (key === '__proto__') throw refuse(path, '"__proto__" as a key')
      next[key] = this.settleValue(next[key], [...path, key])
    }
    const changed = next !== undefined && this.differs(base, next)
    this.assigned = undefined
    return changed ? (next as Fields) : base
  }

  protected holds(child: Node): boolean {
    const held = this.latest[child.key as PropertyKey]
    return held === child.base || held === child.draft
  }

  protected keeps(child: Node): boolean {
    return this.latest[child.key as PropertyKey] === child.base
  }

  /** An object whose writes were all taken back is the one it was. */
  private differs(base: Fields, next: Fields): boolean {
    if (!this.assigned) return true
    for (const key of this.assigned)
      if (Object.hasOwn(base, key) !== Object.hasOwn(next, key) || !Object.is(base[key], next[key])) return true
    for (const key in next) if (!Object.is(base[key], next[key])) return true
    return reordered(base, next)
  }
}

function reordered(base: Fields, next: Fields): boolean {
  const keys = Object.keys(base)
  return Object.keys(next).some((key, index) => key !== keys[index])
}

/** The proxy's target only carries the node: what it shows lives in the node's copy or base. */
const of = (target: object) => (target as { node: ObjectNode }).node

const traps: ProxyHandler<object> = {
  get: (target, key) => {
    const node = of(target)
    return key === nodeKey ? node : node.read(node.latest[key], key)
  },
  set: (target, key, value) => {
    const node = of(target)
    if (Object.is(node.latest[key], value) && Object.hasOwn(node.latest, key)) node.refuseClosed(key)
    else node.assign(key, value)
    return true
  },
  deleteProperty: (target, key) => {
    of(target).remove(key)
    return true
  },
  defineProperty: (target, key, descriptor) => {
    if (!('value' in descriptor)) throw refuse([key], 'a getter or setter')
    of(target).assign(key, descriptor.value)
    return true
  },
  has: (target, key) => Reflect.has(of(target).latest, key),
  ownKeys: (target) => Reflect.ownKeys(of(target).latest),
  getOwnPropertyDescriptor: (target, key) => {
    const node = of(target)
    const descriptor = Reflect.getOwnPropertyDescriptor(node.latest, key)
    if (!descriptor) return undefined
    return { value: node.read(descriptor.value, key), writable: true, enumerable: descriptor.enumerable ?? true, configurable: true }
  },
  getPrototypeOf: (target) => Reflect.getPrototypeOf(of(target).latest),
  setPrototypeOf: () => false,
}
