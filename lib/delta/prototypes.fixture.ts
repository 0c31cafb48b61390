/** A picture of all built-ins and their prototypes, to tell whether anything has been written to one of them. */
import { openDraft } from './draft.js'
import { readonlyView } from './view.js'

const generator = function* () {}
const asyncGenerator = async function* () {}

const named = [
  'Object Array Map Set Date Function Promise Symbol String Number Boolean BigInt RegExp Error TypeError RangeError',
  'WeakMap WeakSet WeakRef Proxy JSON Math Reflect Intl ArrayBuffer DataView Uint8Array Float64Array Buffer URL',
  'structuredClone parseInt globalThis',
]
  .join(' ')
  .split(' ')
  .map((name) => Reflect.get(globalThis, name) as object)

const chainOf = (value: object | null): object[] =>
  value === null ? [] : [value, ...chainOf(Object.getPrototypeOf(value) as object | null)]

/** What no global names: iterators, kinds of functions, and what drafts and views inherit. */
function hidden(): object[] {
  const value = () => ({ object: {}, list: [1], map: new Map([[1, 1]]), set: new Set([1]), date: new Date(0) })
  const own = [openDraft(value()).state, readonlyView(value())].flatMap((root) => Object.values(root) as object[])
  const natives = Object.values(value()).flatMap((box) => ('values' in box ? [box.values()] : []))
  return [
    ...[generator, asyncGenerator, async () => {}, generator(), asyncGenerator(), ''.matchAll(/a/g), ...natives],
    ...own.flatMap((box) => [box, ...Reflect.ownKeys(chainOf(box)[1] ?? {}).map((key) => Reflect.get(box, key))]),
  ].flatMap((found) => (typeof found === 'object' || typeof found === 'function' ? chainOf(found).slice(1) : []))
}

/** Each object with its own properties as they are now; methods and prototypes are objects of their own here. */
export class BuiltIns {
  private readonly kept = new Map<object, { properties: PropertyDescriptorMap; prototype: unknown; open: boolean }>()

  constructor() {
    for (const object of [...named, ...hidden()]) this.keep(object, 3)
  }

  get size(): number {
    return this.kept.size
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
    if (this.kept.has(object)) return
    const properties = Object.getOwnPropertyDescriptors(object) as PropertyDescriptorMap
    const prototype = Object.getPrototypeOf(object) as object | null
    this.kept.set(object, { properties, prototype, open: Object.isExtensible(object) })
    if (depth === 0 || object === globalThis) return
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
