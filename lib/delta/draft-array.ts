/**
 * The draft of an array. Methods that change it work on the copy at once; only the stretch that was touched is looked at
 * again when the draft is committed.
 */
import { type Path, refuse, sizeInPlace } from '../base/value.js'
import { isLeaf, membersOf } from './inherited.js'
import { type Commit, Node, nodeKey, nodeOf, type Scope } from './node.js'
import { inspectKey } from './view.js'

type List = unknown[]

const hole = 'the hole that `delete` leaves; use splice()'

export class ArrayNode extends Node<List> {
  readonly draft: object
  /** Elements at the start, and at the end, where nothing was put in or taken out. */
  private head = Number.POSITIVE_INFINITY
  private tail = Number.POSITIVE_INFINITY

  constructor(scope: Scope, base: List, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new Proxy(new Target(this), traps)
  }

  splice(method: string, start: number, deleteCount: number, items: readonly unknown[]): unknown[] {
    if (deleteCount === 0 && items.length === 0) {
      this.refuseClosed(method)
      return []
    }
    const own = items.map((item) => this.put(item))
    const list = this.writable(method)
    this.touch(start, list.length - start - deleteCount)
    return this.taken(list.splice(start, deleteCount, ...own), start)
  }

  assign(index: number, value: unknown): void {
    const own = this.put(value)
    const list = this.writable(index)
    if (index > list.length) throw refuse([...this.path, index], 'an element beyond its end, which would leave a hole')
    this.touch(index, list.length - 1 - index)
    list[index] = own
  }

  /** The array's own methods, called as `Array.prototype.pop.call(draft)`, delete at the end before they set the length. */
  leaveHole(index: number): void {
    const { length } = this.latest
    if (index >= length) return this.refuseClosed(`delete [${index}]`)
    if (index + 1 < length && Object.hasOwn(this.latest, index + 1)) throw refuse([...this.path, index], hole)
    const list = this.writable(index)
    this.touch(index, length - 1 - index)
    delete list[index]
  }

  /** Puts the elements into another order; none comes or goes. */
  reorder(method: string, order: (list: List) => void): void {
    const list = this.writable(method)
    this.touch(0, 0)
    order(list)
  }

  find(sought: unknown, from: number, step: 1 | -1): number {
    const list = this.latest
    const base = nodeOf(sought)?.base
    for (let index = from; index >= 0 && index < list.length; index += step)
      if (list[index] === sought || (base !== undefined && list[index] === base)) return index
    return -1
  }

  replace(container: List, key: unknown, before: unknown, after: unknown): void {
    container[container[key as number] === before ? (key as number) : container.indexOf(before)] = after
  }

  protected copied(base: List): List {
    return base.slice()
  }

  protected settled(commit: Commit, path: Path): List {
    const changes = this.settleChildren(commit, path)
    if (changes.length > 0) this.copy ??= this.base.slice()
    const next = this.latest
    for (const { key, after } of changes) next[key as number] = after
    const changed = this.settleTouched(commit, next, path) || changes.length > 0
    return changed ? next : this.base
  }

  protected noteNothing(): void {
    this.head = Number.POSITIVE_INFINITY
    this.tail = Number.POSITIVE_INFINITY
  }

  protected finds(container: List, child: Node): boolean {
    if (container[child.key as number] === child.base) return true
    const index = container.indexOf(child.base)
    if (index < 0) return false
    child.key = index
    return true
  }

  private settleTouched(commit: Commit, next: List, path: Path): boolean {
    const { base } = this
    const end = next.length - Math.min(this.tail, next.length)
    let changed = next.length !== base.length
    for (let index = Math.min(this.head, next.length); index < end; index += 1) {
      if (!Object.hasOwn(next, index)) throw refuse([...path, index], hole)
      next[index] = this.settleValue(commit, next[index], path, index)
      if (next.length === base.length) commit.bytes -= sizeInPlace(base[index], next[index])
      changed ||= !Object.is(next[index], base[index])
    }
    return changed
  }

  /** What the author gets of elements that he took out: drafts, which he may put in again. */
  private taken(removed: List, start: number): List {
    for (const [index, item] of removed.entries()) removed[index] = this.read(item, start + index)
    return removed
  }

  private touch(head: number, tail: number): void {
    this.head = Math.min(this.head, head)
    this.tail = Math.max(0, Math.min(this.tail, tail))
  }
}

/** What an array method calls `this`. */
const of = (draft: unknown) => nodeOf(draft) as ArrayNode

const members = membersOf(Array, {
  push(...items: unknown[]) {
    const node = of(this)
    node.splice('push()', node.latest.length, 0, items)
    return node.latest.length
  },
  pop() {
    const node = of(this)
    return node.splice('pop()', Math.max(0, node.latest.length - 1), Math.min(1, node.latest.length), [])[0]
  },
  shift() {
    const node = of(this)
    return node.splice('shift()', 0, Math.min(1, node.latest.length), [])[0]
  },
  unshift(...items: unknown[]) {
    const node = of(this)
    node.splice('unshift()', 0, 0, items)
    return node.latest.length
  },
  splice(...[start, deleteCount, ...items]: [unknown?, unknown?, ...unknown[]]) {
    const node = of(this)
    const { length } = node.latest
    const from = position(start, length)
    const most = length - from
    const count =
      arguments.length === 0 ? 0 : arguments.length === 1 ? most : Math.min(most, Math.max(0, whole(deleteCount)))
    return node.splice('splice()', from, count, items)
  },
  fill(...[value, start, end]: [unknown?, unknown?, unknown?]) {
    const node = of(this)
    const { length } = node.latest
    const to = end === undefined ? length : position(end, length)
    for (let index = position(start, length); index < to; index += 1) node.assign(index, value)
    return this
  },
  reverse() {
    of(this).reorder('reverse()', (list) => list.reverse())
    return this
  },
  sort(compare?: (a: unknown, b: unknown) => number) {
    const node = of(this)
    const read = (value: unknown) => node.read(value, undefined)
    const order = compare ?? byText
    node.reorder('sort()', (list) => list.sort((a, b) => order(read(a), read(b))))
    return this
  },
  indexOf(...[value, from]: [unknown, unknown?]) {
    return of(this).find(value, position(from, of(this).latest.length), 1)
  },
  lastIndexOf(...[value, from]: [unknown, unknown?]) {
    const { length } = of(this).latest
    const start =
      arguments.length < 2 ? length - 1 : whole(from) < 0 ? length + whole(from) : Math.min(whole(from), length - 1)
    return of(this).find(value, start, -1)
  },
  includes(...[value, from]: [unknown, unknown?]) {
    const node = of(this)
    if (typeof value !== 'object' || value === null) return node.latest.includes(value, whole(from))
    return node.find(value, position(from, node.latest.length), 1) >= 0
  },
} as Record<string, (this: unknown, ...args: never[]) => unknown>)

/** The order of `sort()` without a comparison. */
function byText(a: unknown, b: unknown): number {
  const [first, second] = [String(a), String(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

const whole = (value: unknown) => Math.trunc(Number(value)) || 0

/** A start or end as array methods take it: negative ones count from the end. */
function position(value: unknown, length: number): number {
  const index = whole(value)
  return index < 0 ? Math.max(0, length + index) : Math.min(index, length)
}

/** The proxy's target only carries the node; it is an array, since only a proxy of an array is one. */
class Target extends Array<unknown> {
  constructor(node: ArrayNode) {
    super()
    this.push(node)
  }
  [inspectKey]() {
    return [...this]
  }
}

const nodeIn = (target: object) => (target as unknown[])[0] as ArrayNode

/** An index as its property key, or -1. */
function indexOf(key: PropertyKey): number {
  if (typeof key !== 'string') return -1
  const index = Number(key)
  return Number.isInteger(index) && index >= 0 && String(index) === key ? index : -1
}

const traps: ProxyHandler<object> = {
  get: (target, key) => {
    const node = nodeIn(target)
    if (key === nodeKey) return node
    const { latest } = node
    const value = latest[key as never]
    if (isLeaf(value)) return value
    return Object.hasOwn(latest, key) ? node.read(value, Number(key)) : members[key]
  },
  set: (target, key, value) => {
    const node = nodeIn(target)
    const index = indexOf(key)
    if (key === 'length') resize(node, value)
    else if (index < 0) throw refuse([...node.path, key], 'a named property on an array')
    else if (index < node.latest.length && node.isSame(node.latest[index], value)) node.refuseClosed(key)
    else node.assign(index, value)
    return true
  },
  deleteProperty: (target, key) => {
    const index = indexOf(key)
    if (index >= 0) nodeIn(target).leaveHole(index)
    else if (Object.hasOwn(nodeIn(target).latest, key)) throw refuse([...nodeIn(target).path, key], hole)
    return true
  },
  defineProperty: (target, key, descriptor) => {
    if ('value' in descriptor) return traps.set?.(target, key, descriptor.value, undefined) ?? false
    throw refuse([...nodeIn(target).path, key], 'a getter or setter')
  },
  has: (target, key) => Object.hasOwn(nodeIn(target).latest, key) || key in members,
  ownKeys: (target) => Reflect.ownKeys(nodeIn(target).latest),
  getOwnPropertyDescriptor: (target, key) => {
    const node = nodeIn(target)
    if (!Object.hasOwn(node.latest, key)) return undefined
    const enumerable = key !== 'length'
    return {
      value: node.read(Reflect.get(node.latest, key), Number(key)),
      writable: true,
      enumerable,
      configurable: enumerable,
    }
  },
  getPrototypeOf: () => Array.prototype,
  setPrototypeOf: (target) => nodeIn(target).refuseForm('take another prototype'),
  preventExtensions: (target) => nodeIn(target).refuseForm('be frozen'),
}

function resize(node: ArrayNode, length: unknown): void {
  const now = node.latest.length
  const next = whole(length)
  if (next > now) throw refuse([...node.path, 'length'], 'more elements than the array has; use push()')
  node.splice('length', next, now - next, [])
}
