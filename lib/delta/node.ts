/**
 * A node of a draft: one container of the snapshot that the author has reached, with its copy once something in it
 * changed. Nodes form a tree beside the snapshot's; a change marks the way up, and a commit follows the marks down.
 */
import { assert } from '../base/assert.js'
import { ImmutableStateError } from '../base/errors.js'
import { copyValue, type Path } from '../base/value.js'
import { unwrapView } from './view.js'

/** What all nodes of one draft share. */
export interface Scope {
  open: boolean
  /** Counts commits; a node that was placed in this one may not be placed again. */
  commit: number
  /** Containers of the author's own that were put in since the last commit: read back as they are, copied at commit. */
  fresh: Set<object> | undefined
  /** Makes the node of a container. */
  create(base: object, parent: Node | undefined, key: unknown): Node
}

/** Under this key, each draft that an author can hold gives its node. Nothing else has it. */
export const nodeKey: unique symbol = Symbol('heldstate.node')

export function nodeOf(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null ? (value as { [nodeKey]?: Node })[nodeKey] : undefined
}

export abstract class Node<T extends object = object> {
  readonly scope: Scope
  parent: Node | undefined
  /** Where the parent had this container when it was reached; in an array it may have moved since. */
  key: unknown
  base: T
  copy: T | undefined
  /** Something in or below this node has changed since the last commit. */
  dirty = false
  private placed = -1
  private children: Map<object, Node> | undefined
  private dirtyChildren: Node[] | undefined
  abstract readonly draft: object

  constructor(scope: Scope, base: T, parent: Node | undefined, key: unknown) {
    this.scope = scope
    this.base = base
    this.parent = parent
    this.key = key
  }

  /** What the author sees now, unwrapped. */
  get latest(): T {
    return this.copy ?? this.base
  }

  /** The copy to write to. Throws once the lock is released. */
  writable(what: PropertyKey): T {
    this.refuseClosed(what)
    this.copy ??= this.copied(this.base)
    this.mark()
    return this.copy
  }

  refuseClosed(what: PropertyKey): void {
    if (this.scope.open) return
    throw new ImmutableStateError(
      `"${String(what)}" was changed after the lock was released. Take the lock again with ` +
        '`await using held = await self.lock()` or `await self.update((s) => { ... })`, and change the state it gives.',
    )
  }

  /** What reading `value` under `key` gives: a draft for a container of the snapshot, the rest as it is. */
  read(value: unknown, key: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (this.copy && (nodeOf(value) || this.scope.fresh?.has(value))) return value
    return this.child(value, key).draft
  }

  /** Notes a container that the author puts in. Views stand for what they show. */
  put(value: unknown): unknown {
    const own = unwrapView(value)
    if (typeof own !== 'object' || own === null || nodeOf(own)) return own
    this.scope.fresh ??= new Set()
    this.scope.fresh.add(own)
    return own
  }

  /** The snapshot value of this node, after which its draft goes on from there. */
  settle(path: Path): T {
    if (!this.dirty) return this.base
    this.dirty = false
    const settled = this.settled(this.copy, path)
    this.dirtyChildren = undefined
    this.copy = undefined
    this.base = settled
    return settled
  }

  /** The snapshot value of something that was put in under `key`. */
  settleValue(value: unknown, path: Path): unknown {
    const node = nodeOf(value)
    if (node?.scope === this.scope) return this.place(node, path)
    if (typeof value !== 'object' || value === null || !this.isFresh(value)) return this.checked(value, path)
    return this.adopt(value, path)
  }

  /** Settles children that changed inside, and hands over each with its value before and after. */
  protected settleChildren(path: Path, settle: (child: Node, before: object, after: object) => void): void {
    for (const child of this.dirtyChildren ?? []) {
      if (child.parent !== this || !child.dirty) continue
      const before = child.base
      if (!this.holds(child)) continue
      const after = child.settle([...path, child.key])
      child.placed = this.scope.commit
      settle(child, before, after)
      this.rekey(child, before)
    }
  }

  /** A shallow copy to write to. */
  protected abstract copied(base: T): T
  /** The next snapshot value, from the copy and the children that changed. */
  protected abstract settled(copy: T | undefined, path: Path): T
  /** Whether `child` still stands in this container, itself or as its draft, and where: sets its `key`. */
  protected abstract holds(child: Node): boolean
  /** Whether the snapshot value of `child` still stands in this container where it was reached. */
  protected abstract keeps(child: Node): boolean

  private child(value: object, key: unknown): Node {
    const known = this.children?.get(value)
    if (known) {
      known.key = key
      return known
    }
    const child = this.scope.create(value, this as unknown as Node, key)
    this.adoptChild(child)
    return child
  }

  mark(): void {
    if (this.dirty) return
    this.dirty = true
    if (!this.parent) return
    this.parent.dirtyChildren ??= []
    this.parent.dirtyChildren.push(this as unknown as Node)
    this.parent.mark()
  }

  /**
   * A draft that stands at a place of this container. The first place in a commit keeps the value and the draft goes on
   * from there; a further place gets a copy, because the state is a tree.
   */
  private place(node: Node, path: Path): unknown {
    assert(node.scope === this.scope, 'a draft is placed by its own scope')
    if (node.placed === this.scope.commit || node.staysHome()) return copyValue(node.settle(path), path)
    node.placed = this.scope.commit
    const before = node.base
    const settled = node.settle(path)
    node.parent?.children?.delete(before)
    node.parent = this as unknown as Node
    node.key = path.at(-1)
    this.adoptChild(node)
    return settled
  }

  /** Whether the value of this node is still where it was reached, all the way up. */
  private staysHome(): boolean {
    const { parent } = this
    return !parent || (parent.isAttached() && parent.keeps(this as unknown as Node))
  }

  private isAttached(): boolean {
    const { parent } = this
    return !parent || (parent.isAttached() && parent.holds(this as unknown as Node))
  }

  /** Copies an author's container, so that the snapshot never shares one with him. Drafts inside it go on from there. */
  private adopt(value: object, path: Path): unknown {
    const inside: Node[] = []
    const copy = copyValue(value, path, (item, at) => {
      const node = nodeOf(item)
      if (node?.scope !== this.scope) return this.foreign(node, item, at)
      const known = node.placed === this.scope.commit || node.staysHome()
      const settled = node.settle(at)
      if (known) return { value: copyValue(settled, at) }
      node.placed = this.scope.commit
      node.key = at.at(-1)
      inside.push(node)
      return { value: settled }
    }) as object
    if (inside.length > 0) this.attach(copy, path.at(-1), inside)
    return copy
  }

  /** Drafts that an author put into a container of his own, one level down, belong to its copy from now on. */
  private attach(copy: object, key: unknown, inside: readonly Node[]): void {
    const holder = this.scope.create(copy, this as unknown as Node, key)
    this.adoptChild(holder)
    for (const node of inside) {
      node.parent?.children?.delete(node.base)
      node.parent = holder
      holder.adoptChild(node)
    }
  }

  /** A draft of another transaction, or a view of a snapshot: its value is copied. */
  private foreign(node: Node | undefined, item: object, at: Path): { value: unknown } | undefined {
    if (node) return { value: copyValue(node.latest, at, (deep, path) => this.foreign(nodeOf(deep), deep, path)) }
    const original = unwrapView(item)
    return original === item ? undefined : { value: copyValue(original, at) }
  }

  private isFresh(value: object): boolean {
    return this.scope.fresh?.has(value) || nodeOf(value) !== undefined
  }

  /** A primitive, or a container that was in the snapshot already. */
  private checked(value: unknown, path: Path): unknown {
    return typeof value === 'object' ? value : copyValue(value, path)
  }

  private rekey(child: Node, before: object): void {
    if (child.base === before) return
    this.children?.delete(before)
    this.adoptChild(child)
  }

  private adoptChild(child: Node): void {
    this.children ??= new Map()
    this.children.set(child.base, child)
  }
}
