/**
 * One commit of a draft. It follows the marks of change down from the root and gives each draft that the author has put
 * somewhere one place: where it was reached, if it still stands there, otherwise the first that is found. Every further
 * place gets a copy, because a state is a tree. Only when all places are known do the nodes go on from the new snapshot.
 */
import { copyValue, type Substitute } from '../base/copy.js'
import { kindOf, MapKey, type Path } from '../base/value.js'
import { type Commit, type Following, type Node, nodeOf } from './node.js'
import { unwrapView } from './view.js'

/** A draft that was found in a container other than the one it was reached in. */
interface Guest {
  readonly node: Node
  /** The node under which it was found, the author's own containers on the way to it, and the keys of these and of it. */
  readonly owner: Node
  readonly holders: readonly object[]
  readonly keys: Path
  readonly path: Path
  readonly returns: boolean
  /** What an own container of the author was copied to. */
  copy?: object
}

export class DraftCommit implements Commit {
  private readonly given: Following | undefined
  /** About how many bytes the author has put in. */
  bytes = 0
  /** Nodes that have a next value. */
  readonly settled: Node[] = []
  private guests: Guest[] | undefined
  /** Where nodes stand that have moved within their container. */
  private keys: Map<Node, unknown> | undefined
  /** Nodes that an earlier commit has left out: what stands in them may by now stand elsewhere in the tree too. */
  private returning: Node[] | undefined

  constructor(given?: Following) {
    this.given = given
  }

  run(root: Node): object {
    root.settle(this, root.path)
    const guests = this.guests?.map((guest) => ({ guest, stays: this.staysHome(guest.node) }))
    for (const node of this.settled) node.rebase()
    if (this.keys) for (const [node, key] of this.keys) node.key = key
    if (guests)
      for (const { guest, stays } of guests)
        if (guest.copy) this.land(hostOf(guest), guest, guest.copy)
        else if (stays) this.copyInto(hostOf(guest), guest)
        else this.welcome(hostOf(guest), guest)
    if (this.returning) for (const node of this.returning) this.renew(node)
    return root.base
  }

  /** What stands for a draft at a place that the author has put it to. */
  place(node: Node, owner: Node, path: Path, holders: readonly object[]): unknown {
    const value = node.settle(this, path)
    if (node.placed === this || node.home === this) return copyValue(value, path, undefined, this)
    const moved = node.parent !== owner || holders.length > 0
    if (!moved && owner.keeps(node)) return copyValue(value, path, undefined, this)
    node.placed = this
    const keys = keysOf(path, holders)
    const returns = !node.wasAttached()
    if (moved) this.invite({ node, owner, holders: [...holders], keys, path: [...path], returns })
    else this.stay(node, owner, keys[0])
    return value
  }

  /** Copies a container of the author's own, so that the snapshot never shares one with him. */
  adopt(value: object, owner: Node, path: Path): unknown {
    const substitute: Substitute = (item, at, holders) => {
      const node = nodeOf(item)
      if (node && !node.isOwn)
        return { value: node.scope === owner.scope ? this.place(node, owner, at, holders) : node.current(at) }
      const original = unwrapView(item)
      if (original !== item) return { value: copyValue(original, at, undefined, this) }
      const own = node?.base ?? item
      const made = this.copied(owner.scope.landing(own), owner, at, holders)
      return node || made ? { instead: own, made } : undefined
    }
    if (this.given && kindOf(value) !== 'invalid') owner.scope.over(value)
    return copyValue(value, path, substitute, this)
  }

  /** The draft of an own container of the author goes on from the first copy. */
  private copied(node: Node | undefined, owner: Node, path: Path, holders: readonly object[]) {
    if (!node) return undefined
    const keys = keysOf(path, holders)
    const guest: Guest = { node, owner, holders: [...holders], keys, path: [...path], returns: false }
    this.invite(guest)
    return (copy: object) => {
      guest.copy = copy
    }
  }

  private land(host: Node, { node, keys, holders }: Guest, copy: object): void {
    if (holders.length === 0) this.given?.note(node.base, node, copy)
    node.land(copy)
    host.adopt(node, keys.at(-1))
  }

  private invite(guest: Guest): void {
    this.guests ??= []
    this.guests.push(guest)
  }

  /** The author took the draft out and put it into the same container again. */
  private stay(node: Node, owner: Node, key: unknown): void {
    node.home = this
    if (!owner.had(node)) this.returns(node)
    this.keys ??= new Map()
    this.keys.set(node, key)
  }

  private copyInto(host: Node, { node, keys, path }: Guest): void {
    node.home = this
    host.replace(host.base, keys.at(-1), node.base, copyValue(node.base, path, undefined, this))
  }

  private welcome(host: Node, { node, keys, returns }: Guest): void {
    host.adopt(node, keys.at(-1))
    if (returns) this.returns(node)
  }

  private returns(node: Node): void {
    this.returning ??= []
    this.returning.push(node)
  }

  private renew(node: Node): void {
    const { parent, key, base } = node
    parent?.replace(parent.base, key, base, node.renew(node.path, this))
  }

  /** Whether the value of `node` is still where it was reached, all the way up. */
  private staysHome(node: Node): boolean {
    const { parent } = node
    if (node.home === this) return true
    return parent ? parent.keeps(node) && this.isAttached(parent) : false
  }

  private isAttached(node: Node): boolean {
    return node.parent === undefined || node.placed === this || this.staysHome(node)
  }
}

/** The keys of what stands at `path` and of the own containers around it. */
const keysOf = (path: Path, holders: readonly object[]) =>
  path.slice(-1 - holders.length).map((key) => (key instanceof MapKey ? key.key : key))

/** The node of the container in which a guest was found. */
function hostOf({ owner, holders, keys }: Guest): Node {
  return holders.reduce<Node>((host, holder, index) => host.child(holder, keys[index]), owner)
}
