/**
 * Other state modules, for one that is evaluated: references, as they are in the hub, enough to make triggers of and to export
 * again. They are not run, so cycles are harmless.
 */
import { HeldStateError } from '../../base/errors.js'
import { trigger } from '../../state/trigger.js'

const origin = Symbol('where a reference leads')

export interface OtherState {
  /** How the module names the other one; empty if a file between them does. */
  readonly from: string
  /** As the other one exports it; `*` for all that it exports, as one object. */
  readonly name: string
}

/** What is imported from a state module. */
export function otherStates(from: string): object {
  const all: object = new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === '__esModule') return true
        if (name === origin) return { from, name: '*' }
        return typeof name === 'string' ? reference(from, name) : undefined
      },
      getPrototypeOf: () => all, // esbuild makes a copy of its own of what has a default export
    },
  )
  return all
}

/** Undefined if the value is no reference. */
export const otherStateIn = (value: unknown): OtherState | undefined =>
  typeof value === 'object' && value !== null ? (value as { [origin]?: OtherState })[origin] : undefined

export function refuseIndirect(name: string, original: string): never {
  const words = original === name ? name : `${original} as ${name}`
  throw new HeldStateError(
    'invalid-definition',
    `It exports "${name}", which another file has from a state module. Export it from there: export { ${words} } from './that.state'`,
  )
}

/** Stages of the chain: a reference has none. */
const stages: ReadonlySet<string | symbol> = new Set(['private', 'computed', 'version', 'tasks', 'events'])

function reference(from: string, name: string): object {
  const make =
    (member: string | symbol) =>
    (...args: unknown[]) =>
      trigger(name, String(member), args)
  const known = { id: name, triggers: new Proxy({}, { get: (_, member) => make(member) }), [origin]: { from, name } }
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
