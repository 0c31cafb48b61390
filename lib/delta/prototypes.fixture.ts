/** A picture of all built-ins and their prototypes, to tell whether anything has been written to one of them. */
import { openDraft } from './draft.js'
import { readonlyView } from './view.js'

const generator = function* () {}
const asyncGenerator = async function* () {}

const named = [
  'Object Array Map Set Date Function Promise Symbol String Number Boolean BigInt RegExp Error TypeError RangeError',
  'WeakMap WeakSet WeakRef Proxy JSON Math Reflect Intl ArrayBuffer DataView Uint8Array Float64Array Buffer URL',
  'structuredClone parseInt',
]
  .join(' ')
  .split(' ')
  .map((name) => Reflect.get(globalThis, name) as object)

const chainOf = (value: object | null): object[] =>
  value === null ? [] : [value, ...chainOf(Object.getPrototypeOf(value) as object | null)]

/** What no global names: iterators and kinds of functions. */
const iterators = [generator, asyncGenerator, async () => {}, generator(), asyncGenerator(), ''.matchAll(/a/g)]
  .concat([[].values(), new Map().values(), new Set().values()] as never[])
  .flatMap((found) => chainOf(found).slice(1))

/** What drafts and views inherit. */
function inherited(): object[] {
  const value = () => ({ object: {}, list: [1], map: new Map([[1, 1]]), set: new Set([1]), date: new Date(0) })
  const { state } = openDraft({ ...value(), own: {} })
  state.own = value()
  return [state, readonlyView(value()), state.own]
    .flatMap((root) => Object.values(root) as object[])
    .flatMap((box) => [...chainOf(box).slice(1), ...names(box).map((key) => Reflect.get(box, key))])
    .filter((found) => typeof found === 'object' || typeof found === 'function')
}

const names = (box: object) => chainOf(box).flatMap((part) => Reflect.ownKeys(part))

/** Each object with its own properties as they are now; methods and prototypes are objects of their own here. */
export class BuiltIns {
  private readonly shared: ReadonlySet<object>
  private readonly kept = new Map<object, { properties: PropertyDescriptorMap; prototype: unknown; open: boolean }>()

  constructor() {
    for (const object of [...named, ...iterators]) this.keep(object, 3)
    this.shared = new Set(this.kept.keys())
    for (const object of inherited()) this.keep(object, 3)
  }

  get size(): number {
    return this.kept.size
  }

  /** Whether all code shares it. What drafts and views inherit is frozen, so it may be reached. */
  has(object: object): boolean {
    return this.shared.has(object)
  }

  /** What is another now, as `name of function` or key; empty if nothing is. */
  changes(): string[] {
    return [...this.kept].flatMap(([object, { properties, prototype, open }]) => {
      const now = Object.getOwnPropertyDescriptors(object) as PropertyDescriptorMap
      const keys = new Set([...Reflect.ownKeys(properties), ...Reflect.ownKeys(now)])
      const changed = [...keys].filter((key) => !isSame(Reflect.get(properties, key), Reflect.get(now, key)))
      if (Object.getPrototypeOf(object) !== prototype) changed.push('[[Prototype]]')
      if (Object.isExtensible(object) !== open) changed.push('[[Extensible]]')
      return changed.map(String)
    })
  }

  private keep(object: object, depth: number): void {
    if (this.kept.has(object) || object === globalThis) return
    const properties = Object.getOwnPropertyDescriptors(object) as PropertyDescriptorMap
    const prototype = Object.getPrototypeOf(object) as object | null
    this.kept.set(object, { properties, prototype, open: Object.isExtensible(object) })
    if (depth === 0) return
    const parts = Reflect.ownKeys(properties).flatMap((key) => {
      const { value, get, set } = Reflect.get(properties, key) as PropertyDescriptor
      return [value, get, set]
    })
    for (const part of [...parts, prototype])
      if (typeof part === 'function' || (typeof part === 'object' && part !== null)) this.keep(part, depth - 1)
  }
}

function isSame(a: PropertyDescriptor | undefined, b: PropertyDescriptor | undefined): boolean {
  const parts = ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const
  return a !== undefined && b !== undefined && parts.every((part) => Object.is(a[part], b[part]))
}
