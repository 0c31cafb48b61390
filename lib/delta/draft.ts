/**
 * A draft: a snapshot that can be written to like plain data. `commit` makes the next snapshot, which shares what did not
 * change; the draft then goes on from there, and so does every part of it that the author still holds.
 */
import { assert } from '../base/assert.js'
import { copyValue } from '../base/copy.js'
import { HeldStateError } from '../base/errors.js'
import { kindOf, type Path } from '../base/value.js'
import { DraftCommit } from './commit.js'
import { ArrayNode } from './draft-array.js'
import { DateNode } from './draft-date.js'
import { MapNode } from './draft-map.js'
import { ObjectNode } from './draft-object.js'
import { SetNode } from './draft-set.js'
import type { FieldLines } from './field-lines.js'
import { type Following, type Node, nodeOf, type Scope } from './node.js'
import type { NoteGrowth } from './scope.js'
import { unwrapView } from './view.js'

/** A second look at what is put in is for development; bundlers know this name. */
const development = process.env.NODE_ENV !== 'production'

export interface Draft<S extends object> {
  readonly state: S
  /**
   * The next snapshot; the one before if nothing changed. Throws `invalid-value` if something was put in that cannot live
   * in state; the snapshot before is untouched, and the draft is of no further use. Where the author's code goes on, `given` finds
   * what it writes then to containers that it has put in.
   */
  commit(given?: Following): S
  /** About how many bytes the last commit has put in. What it took out does not count. */
  readonly grown: number
  /** From now on, every write to a part of this draft throws `ImmutableStateError`; reading goes on. */
  close(): void
}

/**
 * `path` is where `base` stands, for messages. To read one of the `foreign` names from `base` is an error. `lines` hears of each value that is put into
 * an object, `noteGrowth` of words that are added to texts.
 */
export function openDraft<S extends object>(
  base: S,
  path: Path = [],
  foreign?: ReadonlyMap<string, unknown>,
  lines?: FieldLines,
  noteGrowth?: NoteGrowth,
): Draft<S> {
  return new OpenDraft(base, path, foreign, lines, noteGrowth)
}

class OpenDraft<S extends object> implements Draft<S>, Scope {
  readonly path: Path
  readonly foreign: ReadonlyMap<string, unknown> | undefined
  open = true
  grown = 0
  fresh: WeakSet<object> | undefined
  given: Following | undefined
  readonly noted: Scope['noted']
  readonly noteGrowth: NoteGrowth | undefined
  readonly watch = development ? (value: unknown) => this.look(value) : undefined
  private readonly root: Node
  private nodes: WeakMap<object, Node> | undefined
  /** Where the author has put in last what cannot live in state: a commit notices it when his function has returned. */
  private doubt: Error | undefined

  constructor(
    base: S,
    path: Path,
    foreign: ReadonlyMap<string, unknown> | undefined,
    lines: FieldLines | undefined,
    noteGrowth: NoteGrowth | undefined,
  ) {
    this.noteGrowth = noteGrowth
    this.path = path
    this.noted = lines
    this.foreign = foreign
    this.root = this.create(base, undefined, undefined)
  }

  get state(): S {
    return this.root.draft as S
  }

  commit(given?: Following): S {
    try {
      this.given?.follow()
      this.given = given
      const commit = new DraftCommit(given)
      const committed = commit.run(this.root) as S
      this.grown = commit.bytes
      return committed
    } catch (error) {
      const cause = this.doubt
      if (!cause || !(error instanceof HeldStateError) || error.code !== 'invalid-value') throw error
      throw new HeldStateError(error.code, error.message, { cause })
    }
  }

  close(): void {
    this.open = false
  }

  private look(value: unknown): void {
    try {
      copyValue(value, this.path, (item) => (nodeOf(item) || unwrapView(item) !== item ? { value: item } : undefined))
    } catch {
      this.doubt = new Error('The value was assigned here.')
    }
  }

  over(own: object): Node {
    this.nodes ??= new WeakMap()
    const known = this.nodes.get(own)
    if (known) {
      if (known instanceof DateNode) known.follow()
      return known
    }
    const node = this.create(own, undefined, undefined)
    node.isOwn = true
    this.nodes.set(own, node)
    return node
  }

  landing(own: object): Node | undefined {
    const node = this.nodes?.get(own)
    this.nodes?.delete(own)
    return node
  }

  create(value: object, parent: Node | undefined, key: unknown): Node {
    switch (kindOf(value)) {
      case 'object':
        return new ObjectNode(this, value as never, parent, key) as unknown as Node
      case 'array':
        return new ArrayNode(this, value as never, parent, key) as unknown as Node
      case 'map':
        return new MapNode(this, value as never, parent, key) as unknown as Node
      case 'set':
        return new SetNode(this, value as never, parent, key) as unknown as Node
      case 'date':
        return new DateNode(this, value as Date, parent, key) as unknown as Node
      default:
        assert(false, 'a snapshot holds only values that may live in state')
    }
  }
}
