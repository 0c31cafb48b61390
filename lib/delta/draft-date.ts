/** The draft of a Date: a Date whose setters mark its node. */
import { refuse } from '../base/value.js'
import { seal } from './inherited.js'
import { Node, nodeOf, type Scope } from './node.js'
import { nodeKey } from './own.js'

export class DateNode extends Node<Date> {
  readonly draft: Date

  constructor(scope: Scope, base: Date, parent: Node | undefined, key: unknown) {
    super(scope, base, parent, key)
    this.draft = new DraftDate(base.getTime())
    Object.preventExtensions(Object.defineProperty(this.draft, nodeKey, { value: this }))
  }

  override get latest(): Date {
    return new Date(this.draft.getTime())
  }

  replace(): void {}

  protected copied(base: Date): Date {
    return base
  }

  protected settled(): Date {
    const { base, latest } = this
    return Object.is(base.getTime(), latest.getTime()) ? base : latest
  }

  protected finds(): boolean {
    return false
  }
}

class DraftDate extends Date {}

for (const name of Object.getOwnPropertyNames(Date.prototype).filter((method) => method.startsWith('set'))) {
  const original = Date.prototype[name as 'setTime']
  Object.defineProperty(DraftDate.prototype, name, {
    configurable: true,
    value(this: DraftDate, ...args: [number]) {
      const node = nodeOf(this)
      node?.refuseClosed(`Date.${name}()`)
      node?.mark()
      return original.apply(this, args)
    },
  })
}

seal(DraftDate, Date, refuseName)

function refuseName(key: PropertyKey, draft: object): never {
  throw refuse([...(nodeOf(draft)?.path ?? []), key], 'a named property on a Date')
}
