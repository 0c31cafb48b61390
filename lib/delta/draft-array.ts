/**
 * The draft of an array. Methods that change it work on the copy at once; only the stretch that was touched is looked at
 * again when the draft is committed.
 */
import { type Path, refuse } from '../base/value.js'
import { Node, nodeKey, nodeOf, type Scope } from './node.js'

type List = unknown[]

export class ArrayNode extends Node<List> {
  readonly draft: object
  /** Elements at the start, and at the end, where nothing was put in or taken out. */
  private head = Number.POSITIVE_INFINITY
  private tail = Number.POSITIVE_INFINITY

  constructor(scope: Scope, base: List, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new Proxy([this] as unknown as object, traps)
  }

  splice(method: string, start: number, deleteCount: number, items: readonly unknown[]): unknown[] {
    if (deleteCount === 0 && items.length === 0) {
      this.refuseClosed(method)
      return []
    }
    const list = this.writable(method)
    this.touch(start, list.length - start - deleteCount)
    const removed = list.splice(start, deleteCount, ...items.map((item) => this.put(item)))
    return removed.map((item, index) => this.read(item, start + index))
  }

  assign(index: number, value: unknown): void {
    const list = this.writable(index)
    if (index > list.length) throw refuse([index], 'an element behind the end of its array, which would leave a hole')
    this.touch(index, list.length - 1 - index)
    list[index] = this.put(value)
  }

  /** Puts the elements into another order; none comes or goes. */
  reorder(method: string, order: (list: List) => void): void {
    const list = this.writable(method)
    this.touch(0, 0)
    order(list)
  }

  find(value: unknown, from: number, step: 1 | -1): number {
    const list = this.latest
    const base = nodeOf(value)?.base
    for (let index = from; index >= 0 && index < list.length; index += step)
      if (list[index] === value || (base !== undefined && list[index] === base)) return index
    return -1
  }

  protected copied(base: List): List {
    return base.slice()
  }

  protected settled(copy: List | undefined, path: Path): List {
    const { base } = this
    let next = copy
    let changed = false
    this.settleChildren(path, ({ key }, before, after) => {
      if (before === after) return
      next ??= base.slice()
      next[key as number] = after
      changed = true
    })
    if (next) changed = this.settleTouched(next, base, path) || changed
    this.head = Number.POSITIVE_INFINITY
    this.tail = Number.POSITIVE_INFINITY
    return changed && next ? next : base
  }

  protected holds(child: Node): boolean {
    const list = this.latest
    const at = list[child.key as number]
    if (at === child.base || at === child.draft) return true
    const index = list.findIndex((item) => item === child.base || item === child.draft)
    child.key = index
    return index >= 0
  }

  protected keeps(child: Node): boolean {
    const list = this.latest
    return list[child.key as number] === child.base || list.includes(child.base)
  }

  private settleTouched(next: List, base: List, path: Path): boolean {
    const end = next.length - Math.min(this.tail, next.length)
    let changed = next.length !== base.length
    for (let index = Math.min(this.head, next.length); index < end; index += 1) {
      const value = next[index]
      if (value === undefined && !(index in next)) throw refuse([...path, index], 'a hole in an array')
      next[index] = this.settleValue(value, [...path, index])
      changed ||= !Object.is(next[index], base[index])
    }
    return changed
  }

  private touch(head: number, tail: number): void {
    this.head = Math.min(this.head, head)
    this.tail = Math.min(this.tail, tail)
  }
}

/** What an array method calls `this`. */
const of = (draft: unknown) => nodeOf(draft) as ArrayNode

const methods: Record<string, (this: unknown, ...args: never[]) => unknown> = {
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
    const count = arguments.length === 0 ? 0 : arguments.length === 1 ? most : Math.min(most, Math.max(0, whole(deleteCount)))
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
    node.reorder('sort()', (list) =>
      list.sort(compare ? (a, b) => compare(read(a), read(b)) : undefined),
    )
    return this
  },
  indexOf(...[value, from]: [unknown, unknown?]) {
    return of(this).find(value, position(from, of(this).latest.length), 1)
  },
  lastIndexOf(...[value, from]: [unknown, unknown?]) {
    const { length } = of(this).latest
    const start = arguments.length < 2 ? length - 1 : whole(from) < 0 ? length + whole(from) : Math.min(whole(from), length - 1)
    return of(this).find(value, start, -1)
  },
  includes(...[value, from]: [unknown, unknown?]) {
    const node = of(this)
    if (typeof value !== 'object' || value === null) return node.latest.includes(value, whole(from))
    return node.find(value, position(from, node.latest.length), 1) >= 0
  },
} as Record<string, (this: unknown, ...args: never[]) => unknown>

const whole = (value: unknown) => Math.trunc(Number(value)) || 0

/** A start or end as array methods take it: negative ones count from the end. */
function position(value: unknown, length: number): number {
  const index = whole(value)
  return index < 0 ? Math.max(0, length + index) : Math.min(index, length)
}

const nodeIn = (target: object) => (target as [ArrayNode])[0]

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
    const value = Reflect.get(node.latest, key)
    if (typeof value === 'function' && typeof key === 'string' && Object.hasOwn(methods, key)) return methods[key]
    return typeof value === 'object' ? node.read(value, Number(key as string)) : value
  },
  set: (target, key, value) => {
    const node = nodeIn(target)
    const index = indexOf(key)
    if (key === 'length') resize(node, value)
    else if (index < 0) throw refuse([key], 'a named property on an array')
    else if (index < node.latest.length && Object.is(node.latest[index], value)) node.refuseClosed(key)
    else node.assign(index, value)
    return true
  },
  deleteProperty: (_, key) => {
    throw refuse([key], 'the hole that `delete` would leave in an array; use splice()')
  },
  defineProperty: (target, key, descriptor) => traps.set?.(target, key, descriptor.value, undefined) ?? false,
  has: (target, key) => Reflect.has(nodeIn(target).latest, key),
  ownKeys: (target) => Reflect.ownKeys(nodeIn(target).latest),
  getOwnPropertyDescriptor: (target, key) => {
    const node = nodeIn(target)
    const descriptor = Reflect.getOwnPropertyDescriptor(node.latest, key)
    if (!descriptor || key === 'length') return descriptor
    return { ...descriptor, value: node.read(descriptor.value, Number(key as string)) }
  },
  setPrototypeOf: () => false,
}

function resize(node: ArrayNode, length: unknown): void {
  const now = node.latest.length
  const next = whole(length)
  if (next > now) throw refuse(['length'], 'more elements than its array has; use push()')
  node.splice('length', next, now - next, [])
}
