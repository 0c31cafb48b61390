/** Reads the state of a token without its lock: what was saved last. Nothing is made in the store by it. */

import { copyValue } from '../base/copy.js'
import { encode, type Json } from '../base/encode.js'
import { promised } from '../base/eventually.js'
import { ownValue } from '../base/value.js'
import { ComputedCache } from '../state/computed.js'
import type { Registry } from '../state/registry.js'
import type { StateStore } from '../store/store.js'
import type { Core } from './core.js'
import { completed } from './fields.js'
import { Instance, type InstanceCore } from './instance.js'
import { LoadError } from './load-error.js'
import { isUpToDate } from './ownership.js'

/** The parts of the hub that reads use. */
export interface ReadCore extends InstanceCore {
  readonly instances: ReadonlyMap<string, Instance>
  readonly nodes: Core['nodes']
  readonly registry: Registry
  readonly store: Pick<StateStore, 'read'>
  /** Resolves when the definitions are loaded. */
  ready(): Promise<void>
}

/** A copy of one state with its private fields and computed values: first values for what was never saved. */
export async function readState(core: ReadCore, token: string | undefined, id: string): Promise<object> {
  await core.ready()
  const definition = core.registry.get(id)
  if (token === undefined) {
    const fields = definition.members.initial()
    return { ...fields, ...new ComputedCache(definition.members).evaluate(fields) }
  }
  const instance = await readInstance(core, token)
  const fields = completed(
    ownValue(instance.state, id),
    ownValue(instance.shapes, id),
    definition,
    core.log,
    instance.unsaved(definition),
  )
  return copyValue({ ...fields, ...instance.computed(definition).evaluate(fields) }, [id]) as object
}

/** The instance of this process if it is up to date, else a temporary one with the stored state. Reading takes no ownership. */
export async function readInstance(core: ReadCore, token: string): Promise<Instance> {
  const here = core.instances.get(token)
  if (here && isUpToDate(core, here)) return here
  const instance = new Instance(token, core)
  const stored = await promised(() => core.store.read(token)).catch((error) => {
    throw new LoadError(token, error)
  })
  instance.follow(stored)
  return instance
}

/** The views that a tab would be sent: of the states with these ids, or of all saved states. */
export async function readViews(
  core: ReadCore,
  token: string,
  ids: readonly string[] | undefined,
): Promise<Record<string, Json>> {
  await core.ready()
  const instance = await readInstance(core, token)
  const views: Record<string, Json> = {}
  for (const id of ids ?? Object.keys(instance.state)) {
    const isSaved = ownValue(instance.state, id) !== undefined
    const view = isSaved && core.registry.has(id) ? instance.view(core.registry.get(id)) : undefined
    if (view) views[id] = encode(view)
  }
  return views
}
