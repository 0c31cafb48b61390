/**
 * Freezes what a page is shown to its leaves, so that a write to it fails where it is made. What is frozen already is not
 * looked into: a view costs what changed in it. The engine freezes objects and lists. A Map, a Set and a Date stay real ones,
 * which clones, workers and libraries look into; methods of their own that refuse hide those that would change them.
 */
import { ImmutableStateError } from './errors.js'
import { formatPath, isContainer, type Kind, kindOf, MapKey, type Path } from './value.js'

interface Shown {
  readonly id: string
  readonly view: object
}

/** By page, the view that it shows now: a refusal finds there where a value is. */
const shown = new WeakMap<object, Shown>()
const pages = new WeakMap<object, object>()

/** Freezes all values of a view of the state `id`, which `page` shows from now on. */
export function freezeView(page: object, id: string, view: object): void {
  shown.set(page, { id, view })
  for (const value of Object.values(view)) freezeDeep(value, page)
}

function freezeDeep(value: unknown, page: object): void {
  const kind = kindOf(value)
  if (kind === 'primitive' || kind === 'invalid' || Object.isFrozen(value)) return
  for (const [, part] of partsOf(value as object)) freezeDeep(part, page)
  if (kind !== 'object' && kind !== 'array') {
    pages.set(value as object, page)
    Object.defineProperties(value, refusals(kind))
  }
  Object.freeze(value)
}

function partsOf(value: object): Iterable<readonly [key: unknown, part: unknown]> {
  if (value instanceof Map) return [...value].map(([key, part]) => [new MapKey(key), part] as const)
  if (value instanceof Set) return [...value].map((part) => ['(an element)', part] as const)
  if (Array.isArray(value)) return value.entries()
  return Object.entries(value)
}

const builtIns = { map: Map, set: Set, date: Date }

/** All others change it, or come with a newer engine: nobody knows whether these do. */
const reads =
  /^(constructor|entries|forEach|get|has|keys|values|union|intersection|(symmetricD|d)ifference|is(Sub|Super)setOf|isDisjointFrom)$/
const isRead = (kind: Kind, name: string) => (kind === 'date' ? !name.startsWith('set') : reads.test(name))

/** By kind, for as many members as there were: a polyfill can come after this module. */
const made = new Map<Kind, { readonly members: number; readonly refusing: PropertyDescriptorMap }>()

function refusals(kind: keyof typeof builtIns): PropertyDescriptorMap {
  const { name: builtIn, prototype } = builtIns[kind]
  const names = Object.getOwnPropertyNames(prototype)
  const known = made.get(kind)
  if (known?.members === names.length) return known.refusing
  const refusing: PropertyDescriptorMap = {}
  for (const name of names) {
    const isMethod = typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function'
    if (isMethod && !isRead(kind, name)) refusing[name] = { value: refusal(builtIn, name) }
  }
  made.set(kind, { members: names.length, refusing })
  return refusing
}

function refusal(builtIn: string, method: string) {
  return function refuse(this: unknown): never {
    const page = isContainer(this) ? pages.get(this) : undefined
    const { id = 'unknown', view = {} } = (page && shown.get(page)) ?? {}
    const path = pathTo(this, view, [id])
    throw new ImmutableStateError(
      `${path ? formatPath(path) : `A ${builtIn} of state "${id}"`} was changed by ${builtIn}.${method}(). Values from the server are read-only in the page. To change the state, ` +
        `call one of its events; to change a copy, create one: new ${builtIn}(value).`,
    )
  }
}

function pathTo(wanted: unknown, container: object, path: Path): Path | undefined {
  for (const [key, part] of partsOf(container)) {
    const at = [...path, key]
    const found = part === wanted ? at : isContainer(part) && pathTo(wanted, part, at)
    if (found) return found
  }
  return undefined
}
