/**
 * Other state modules, for one that is evaluated: references, as they are in the hub, enough to make triggers of and to export
 * again. They are not run, so cycles are harmless.
 */
import { HeldStateError } from '../../base/errors.js'
import { trigger } from '../../state/trigger.js'

const origin = Symbol('where a reference leads')

export interface OtherState {
  /** How the evaluated module may name the other one. */
  readonly from: string
  /** As the other one exports it; `*` for all that it exports, as one object. */
  readonly name: string
}

/** How the evaluated module may name another one, or what to say where that is not certain. */
export type Place = string | Unclear

export class Unclear {
  constructor(
    /** Why, behind `It exports "name", which …` */
    readonly reason: string,
    /** What to write in its place, behind `export { name } from …` */
    readonly instead: string,
  ) {}
}

/**
 * Values that stand for all that another module exports. Copied from namespace to namespace, as `export *` does, one says what a stub exports
 * whole. By identity: to ask for a class would follow prototypes, and that of a proxy here is itself.
 */
const wholes = new WeakMap<object, Place>()

const placeOf = (value: unknown) => (isObject(value) ? wholes.get(value) : undefined)

/** How the keys begin under which these are copied. */
const wholly = 'export * from '

/** What is imported from a state module. */
export function otherStates(place: Place): object {
  const whole = `${wholly}${typeof place === 'string' ? place : place.reason}`
  const everything = {}
  wholes.set(everything, place)
  const all: object = new Proxy<object>(
    { [whole]: everything },
    {
      get: (_, name) => {
        if (name === '__esModule') return true
        if (name === origin) return { place, name: '*' }
        if (name === whole) return everything
        return typeof name === 'string' ? reference(place, name) : undefined
      },
      has: (_, name) => typeof name === 'string',
      getPrototypeOf: () => all, // esbuild makes a copy of its own of what has a default export
    },
  )
  return all
}

/** Undefined if the value is no reference. `as` is the name under which it is exported. */
export function otherStateIn(value: unknown, as: string): OtherState | undefined {
  const found = (isObject(value) ? value[origin] : undefined) as { place: Place; name: string } | undefined
  if (!found) return undefined
  const { place, name } = found
  return { name, from: typeof place === 'string' ? place : refuseUnclear(place, as, name) }
}

/** A module of which all is exported; undefined if the value does not stand for one. */
export function wholeIn(value: unknown): string | undefined {
  const place = placeOf(value)
  if (place === undefined || typeof place === 'string') return place
  throw new HeldStateError('invalid-definition', `It exports what ${place.reason}: export * from ${place.instead}`)
}

/** Has a namespace know the names of what is exported whole in it, which are not copied. */
export function knowWhole(namespace: object): void {
  const known = (key: string | symbol) =>
    typeof key === 'string' && !['__esModule', 'default', 'then'].includes(key) ? placeAmong(namespace) : undefined
  const names = new Proxy(Object.prototype, {
    has: (own, key) => Reflect.has(own, key) || known(key) !== undefined,
    get: (own, key) => {
      const place = Reflect.has(own, key) ? undefined : known(key)
      return place === undefined ? Reflect.get(own, key) : reference(place, String(key))
    },
  })
  Object.setPrototypeOf(namespace, names)
}

function placeAmong(namespace: object): Place | undefined {
  const keys = Object.keys(namespace).filter((key) => key.startsWith(wholly))
  const places = keys.flatMap((key) => placeOf(Reflect.get(namespace, key)) ?? [])
  const [place, ...others] = places
  if (others.length === 0) return place
  const named = places.map((one) => (typeof one === 'string' ? `"${one}"` : 'another'))
  return new Unclear(`a file has from one of ${named.join(', ')}, as it exports all of them. Name it`, `'./that.state'`)
}

/** Whether an object has states of other modules. */
export const hasOthers = (value: object) =>
  Object.values(value).some((one) => isObject(one) && (wholes.has(one) || one[origin] !== undefined))

type Indexed = Readonly<Record<symbol, unknown>>

const isObject = (value: unknown): value is Indexed => typeof value === 'object' && value !== null

function refuseUnclear({ reason, instead }: Unclear, as: string, name: string): never {
  const words = name === as ? as : `${name} as ${as}`
  throw new HeldStateError(
    'invalid-definition',
    `It exports "${as}", which ${reason}: export { ${words} } from ${instead}`,
  )
}

/** Stages of the chain: a reference has none. */
const stages: ReadonlySet<string | symbol> = new Set(['private', 'computed', 'version', 'tasks', 'events'])

function reference(place: Place, name: string): object {
  const make =
    (member: string | symbol) =>
    (...args: unknown[]) =>
      trigger(name, String(member), args)
  const known = { id: name, triggers: new Proxy({}, { get: (_, member) => make(member) }), [origin]: { place, name } }
  return new Proxy(known, {
    get: (target, key) => (stages.has(key) ? refuseStage(name, String(key)) : Reflect.get(target, key)),
  })
}

function refuseStage(name: string, stage: string): never {
  throw new HeldStateError(
    'invalid-definition',
    `It calls .${stage}() of "${name}", which it imports from another state module and has as a reference. Write what states share as a ` +
      'function in a file that is no state module: export const base = (id: string) => defineState(id, () => ({ … }))',
  )
}
