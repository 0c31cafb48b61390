/**
 * A node of a draft: one container of the snapshot that the author has reached, with its copy once something in it
 * changed. Nodes form a tree next to the snapshot's; a change marks the way up, and a commit follows the marks down.
 */
import { copyValue } from '../base/copy.js'
import { describe, kindOf, type Path, refuse, sizeOfKey, sizeOfPrimitive } from '../base/value.js'
import { changedUnlocked, computedValue, onlyPlainCan } from './refusals.js'
import type { CommitOf, FollowingOf, ScopeOf } from './scope.js'
import { unwrapView } from './view.js'

export type Scope = ScopeOf<Node>
export type Following = FollowingOf<Node>
export type Commit = CommitOf<Node>

/** Under this key, each draft that an author can hold gives its node. Nothing else has it. */
export const nodeKey: unique symbol = Symbol('heldstate.node')

export function nodeOf(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null ? (value as { [nodeKey]?: Node })[nodeKey] : undefined
}

/** A child whose value became another one. */
export interface Change {
  readonly key: unknown
  readonly before: object
  readonly after: object
}

const noChanges: readonly Change[] = []

export abstract class Node<T extends object = object> {
  readonly scope: Scope
  parent: Node | undefined
  /** Where the parent had this container when it was reached; in an array it may have moved since. */
  key: unknown
  base: T
  copy: T | undefined
  /** The snapshot value that a commit under way has found; `base` until it is over. */
  next: T | undefined
  /** The commit that has found this node where it was, and the one that has given it its place. */
  home: Commit | undefined
  placed: Commit | undefined
  /**
   * `base` is the author's own, to which each write goes, so that both stay one value: it was put in after the last commit.
   * The next one copies it, and the node goes on from the copy.
   */
  isOwn = false
  /** Something in or below this node has changed since the last commit. */
  private dirty = false
  private settling = false
  /** Children by the container they stand for: most nodes have one, which needs no Map. */
  private only: Node | undefined
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

  get path(): Path {
    return this.parent ? [...this.parent.path, this.parent.step(this.key)] : this.scope.path
  }

  /** What stands for `key` on a path. */
  step(key: unknown): unknown {
    return key
  }

  /** The copy to write to. Throws once the lock is released. */
  writable(what: PropertyKey): T {
    this.refuseClosed(what)
    if (this.isOwn) return this.base
    this.copy ??= this.copied(this.base)
    this.mark()
    return this.copy
  }

  refuseClosed(what: PropertyKey): void {
    if (this.scope.open) return
    throw changedUnlocked(what, this.path)
  }

  /** Of a key that is not there. */
  refuseForeign(what: PropertyKey): void {
    const { foreign, path } = this.scope
    if (this.parent || !foreign?.has(what as string)) return
    throw computedValue(what, path)
  }

  /** Of what a plain value takes and a draft cannot. */
  refuseForm(what: string): never {
    throw onlyPlainCan(what, this.path)
  }

  mark(): void {
    if (this.dirty) return
    this.dirty = true
    if (!this.parent) return
    this.parent.dirtyChildren ??= []
    this.parent.dirtyChildren.push(this as unknown as Node)
    this.parent.mark()
  }

  /** What reading `value` under `key` gives: a draft for a container of the snapshot, the rest as it is. */
  read(value: unknown, key: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (this.isOwn || (this.copy && this.scope.fresh?.has(value))) return this.readOwn(value)
    if (this.copy && nodeOf(value)) return value
    return this.child(value, key).draft
  }

  /** The draft of what stands in a container of the author's own. What cannot live in state is named by the commit. */
  private readOwn(value: object): unknown {
    if (nodeOf(value) || unwrapView(value) !== value || kindOf(value) === 'invalid') return value
    return this.scope.over(value).draft
  }

  /** Whether `value` is what reading `held` gives: putting it there changes nothing. */
  isSame(held: unknown, value: unknown): boolean {
    if (Object.is(held, value)) return true
    if (typeof value !== 'object' || value === null) return false
    const node = nodeOf(value)
    return node !== undefined && node.base === held && (node.isOwn || node.parent === (this as unknown as Node))
  }

  /** Notes a container that the author puts in. Of a view, and of a draft of another transaction, the value is put in. */
  put(given: unknown): unknown {
    this.scope.watch?.(given)
    if (typeof given !== 'object' || given === null) return given
    const node = nodeOf(given)
    if (node?.scope === this.scope && !node.isOwn) return given
    const own = node?.isOwn ? node.base : (this.ownOf(given, node) as object)
    this.scope.fresh ??= new WeakSet()
    this.scope.fresh.add(own)
    this.scope.given?.forget(own)
    return own
  }

  private ownOf(given: object, node: Node | undefined): unknown {
    if (node) return node.current(this.path)
    const original = unwrapView(given)
    return original === given ? given : copyValue(original, this.path)
  }

  /** The snapshot value of this node, after which its draft goes on from there. */
  settle(commit: Commit, path: Path): T {
    if (!this.dirty) return this.next ?? this.base
    if (this.settling) throw refuse(path, 'a container that it is itself part of')
    this.settling = true
    this.next = this.settled(commit, path)
    this.noteNothing()
    this.settling = false
    this.dirty = false
    this.dirtyChildren = undefined
    commit.settled.push(this as unknown as Node)
    return this.next
  }

  /** Finishes a commit: what it has found is what the draft goes on from. */
  rebase(): void {
    const { base, next } = this
    this.copy = undefined
    this.next = undefined
    if (!next || next === base) return
    this.base = next
    this.parent?.rekey(this as unknown as Node, base)
  }

  /** A commit has copied the author's own container, and the draft goes on from the copy. */
  land(copy: T): void {
    this.base = copy
    this.isOwn = false
    this.noteNothing()
  }

  /** Makes `node` a child of this one. */
  adopt(node: Node, key: unknown): void {
    node.parent?.abandon(node)
    node.parent = this as unknown as Node
    node.key = key
    this.addChild(node)
  }

  child(value: object, key: unknown): Node {
    const known = this.childOf(value)
    if (known) {
      known.key = key
      return known
    }
    const child = this.scope.create(value, this as unknown as Node, key)
    this.addChild(child)
    return child
  }

  /** Whether the snapshot value of `child` still stands in this container as it was reached; finds its `key`. */
  keeps(child: Node): boolean {
    return this.finds(this.latest, child)
  }

  /** The same of the last snapshot. */
  had(child: Node): boolean {
    return this.finds(this.base, child)
  }

  /** Whether the last commit has left this node in the tree. */
  wasAttached(): boolean {
    const { parent } = this
    return !parent || (parent.had(this as unknown as Node) && parent.wasAttached())
  }

  /** Copies the snapshot value once more, except for the guests of `commit` in it; nodes inside go on from the copy. */
  renew(path: Path, commit: Commit): T {
    const before = this.base
    this.base = copyValue(before, path, (item, at) => {
      const child = this.childOf(item)
      const isGuest = child?.placed === commit && child.home !== commit
      return child && { value: isGuest ? item : child.renew(at, commit) }
    }) as T
    this.parent?.rekey(this as unknown as Node, before)
    return this.base
  }

  /** Puts `after` where `before` is in a snapshot value that nobody has seen yet. */
  abstract replace(container: T, key: unknown, before: unknown, after: unknown): void
  /** A shallow copy to write to. */
  protected abstract copied(base: T): T
  /** The next snapshot value, from the copy and the children that changed. */
  protected abstract settled(commit: Commit, path: Path): T
  /** Forgets what was noted of changes since the last commit. */
  protected abstract noteNothing(): void
  /** Whether the snapshot value of `child` stands in `container`; finds its `key`. */
  protected abstract finds(container: T, child: Node): boolean

  /** Settles the children that changed inside and still stand where they were reached. */
  protected settleChildren(commit: Commit, path: Path): readonly Change[] {
    if (!this.dirtyChildren) return noChanges
    const changes: Change[] = []
    for (const child of this.dirtyChildren) {
      if (child.parent !== (this as unknown as Node) || !this.keeps(child)) continue
      child.home = commit
      const { key, base } = child
      const after = child.settle(commit, [...path, this.step(key)])
      if (after !== base) changes.push({ key, before: base, after })
    }
    return changes
  }

  /** The snapshot value of something that stands under `key` of the copy. */
  protected settleValue(commit: Commit, value: unknown, path: Path, key: unknown): unknown {
    commit.bytes += sizeOfKey(key) + sizeOfPrimitive(value)
    if (typeof value === 'object' && value !== null) {
      const node = nodeOf(value)
      const at = [...path, this.step(key)]
      if (node) return commit.place(node, this as unknown as Node, at, [])
      return this.scope.fresh?.has(value) ? commit.adopt(value, this as unknown as Node, at) : value
    }
    if (kindOf(value) === 'invalid') throw refuse([...path, this.step(key)], describe(value), value)
    return value
  }

  /** A copy of what the author sees now. */
  current(path: Path): unknown {
    return copyValue(this.latest, path, (item, at) => {
      const node = nodeOf(item) ?? this.childOf(item)
      if (node) return { value: node.current(at) }
      const original = unwrapView(item)
      return original === item ? undefined : { value: copyValue(original, at) }
    })
  }

  private childOf(value: object): Node | undefined {
    return this.only?.base === value ? this.only : this.children?.get(value)
  }

  private addChild(child: Node): void {
    if (!this.only) {
      this.only = child
      return
    }
    this.children ??= new Map()
    this.children.set(child.base, child)
  }

  private rekey(child: Node, before: object): void {
    if (child === this.only || this.children?.get(before) !== child) return
    this.children.delete(before)
    this.children.set(child.base, child)
  }

  private abandon(child: Node): void {
    if (child === this.only) this.only = undefined
    else if (this.children?.get(child.base) === child) this.children.delete(child.base)
  }
}
