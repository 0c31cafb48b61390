/** What the nodes of one draft share, and a commit of it as they see it. */
import type { Meter } from '../base/copy.js'
import type { Path } from '../base/value.js'

/** `after` was made of `before`, a snapshot. */
export type NoteGrowth = (before: object, after: object) => void

/** What all nodes of one draft share. */
export interface ScopeOf<Node> {
  /** Where the root stands. */
  readonly path: Path
  /** Names that are no keys of the root, and that code could take for keys. */
  readonly foreign: ReadonlyMap<string, unknown> | undefined
  open: boolean
  /** Containers of the author's own that were put in; a commit copies them. */
  fresh: WeakSet<object> | undefined
  /** Those that a commit has copied while the handler goes on. */
  given: Pick<FollowingOf<Node>, 'forget'> | undefined
  /** Told of everything that the author puts in. */
  watch: ((value: unknown) => void) | undefined
  /** Told of each value that is put into an object. */
  readonly noted: { note(node: Node, key: PropertyKey, value: unknown): void } | undefined
  /** Told of each commit of a container in which texts have keys. Pages, which never look for differences, need none. */
  readonly noteGrowth: NoteGrowth | undefined
  /** Makes the node of a container. */
  create(base: object, parent: Node | undefined, key: unknown): Node
  /** The node of a container of the author's own that was put in, or stands in such a one. */
  over(own: object): Node
  /** The same for the commit that copies it: the node stands for it no longer. */
  landing(own: object): Node | undefined
}

/** The author's own containers that a commit has copied while his code goes on. */
export interface FollowingOf<Node> {
  note(own: object, node: Node, copy: object): void
  forget(own: object): void
  /** Writes to the draft what he has written to them. */
  follow(): void
}

/** A commit under way, as its nodes see it. */
export interface CommitOf<Node> extends Meter {
  /** Nodes that have a next value. */
  readonly settled: Node[]
  /** What stands for a draft at a place that the author has put it to. */
  place(node: Node, owner: Node, path: Path, holders: readonly object[]): unknown
  /** Copies a container of the author's own, so that the snapshot never shares one with him. */
  adopt(value: object, owner: Node, path: Path): unknown
}
