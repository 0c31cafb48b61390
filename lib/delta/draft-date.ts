/** The draft of a Date: a Date whose setters mark its node. */
import { refuse } from '../base/value.js'
import { named, seal } from './inherited.js'
import { Node, nodeKey, nodeOf, type Scope } from './node.js'

export class DateNode extends Node<Date> {
  readonly draft: Date

  constructor(scope: Scope, base: Date, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new DraftDate(base.getTime(), this)
  }

  override get latest(): Date {
    return this.isOwn ? this.base : new Date(this.draft.getTime())
  }

  /** The draft has the time of the author's own as it was last read. */
  follow(): void {
    setTime.call(this.draft, this.base.getTime())
  }

  /** Says that the draft changes, and changes the author's own with it. */
  change(what: string, change: (own: Date) => void): void {
    this.refuseClosed(what)
    if (!this.isOwn) return this.mark()
    this.follow()
    change(this.base)
  }

  override land(copy: Date): void {
    super.land(copy)
    this.follow()
  }

  replace(): void {}

  protected copied(base: Date): Date {
    return base
  }

  protected settled(): Date {
    const { base, latest } = this
    return Object.is(base.getTime(), latest.getTime()) ? base : latest
  }

  protected noteNothing(): void {}

  protected finds(): boolean {
    return false
  }
}

const { setTime } = Date.prototype

class DraftDate extends Date {
  readonly #node: DateNode
  constructor(time: number, node: DateNode) {
    super(time)
    this.#node = node
    Object.preventExtensions(this)
  }
  get [nodeKey]() {
    return #node in this ? this.#node : (undefined as never)
  }
}

for (const name of Reflect.ownKeys(Date.prototype)) {
  const original = Reflect.get(Date.prototype, name)
  if (typeof original !== 'function' || name === 'constructor') continue
  const isSetter = typeof name === 'string' && name.startsWith('set')
  const { method } = {
    method(this: DraftDate, ...args: unknown[]) {
      const node = this[nodeKey]
      if (isSetter) node.change(`Date.${String(name)}()`, (own) => Reflect.apply(original, own, args))
      else if (node.isOwn) node.follow()
      return Reflect.apply(original, this, args)
    },
  }
  Object.defineProperty(DraftDate.prototype, name, { configurable: true, value: named(method, original) })
}

seal(DraftDate, Date, refuseName)

function refuseName(key: PropertyKey, draft: object): never {
  throw refuse([...(nodeOf(draft)?.path ?? []), key], 'a named property on a Date')
}
