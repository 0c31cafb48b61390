/** Reads the state of a token without its lock: what was saved last. Nothing is made in the store by it. */
import { encode, type Json } from '../base/encode.js'
import { promised } from '../base/eventually.js'
import { copyValue, ownValue } from '../base/value.js'
import { completed } from '../instance/fields.js'
import { Instance } from '../instance/instance.js'
import { StateUnknown } from '../instance/load-error.js'
import { ComputedCache } from '../state/computed.js'
import type { Hub } from './hub.js'

/** A copy of one state with its private fields and computed values: first values for what was never saved. */
export async function readState(hub: Hub, token: string | undefined, id: string): Promise<object> {
  await hub.ready()
  const definition = hub.registry.get(id)
  if (token === undefined) {
    const fields = definition.members.initial()
    return { ...fields, ...new ComputedCache(definition.members).evaluate(fields) }
  }
  const instance = await readInstance(hub, token)
  const fields = completed(
    ownValue(instance.state, id),
    ownValue(instance.shapes, id),
    definition,
    hub.log,
    instance.unsaved(definition),
  )
  return copyValue({ ...fields, ...instance.computed(definition).evaluate(fields) }, [id]) as object
}

/** What this process knows of a token, or else what is kept of it, which it does not begin to hold by that. */
export async function readInstance(hub: Hub, token: string): Promise<Instance> {
  const here = hub.instances.get(token)
  if (here && (here.followed || (here.loaded && hub.nodes.holds(token)))) return here
  const instance = new Instance(token, hub)
  const stored = await promised(() => hub.store.read(token)).catch((error) => {
    throw new StateUnknown(token, error)
  })
  instance.follow(stored)
  return instance
}

/** What a tab would be sent of its states: of those with these ids, or of all that were saved. */
export async function readViews(
  hub: Hub,
  token: string,
  ids: readonly string[] | undefined,
): Promise<Record<string, Json>> {
  await hub.ready()
  const instance = await readInstance(hub, token)
  const views: Record<string, Json> = {}
  for (const id of ids ?? Object.keys(instance.state)) {
    const isSaved = ownValue(instance.state, id) !== undefined
    const view = isSaved && hub.registry.has(id) ? instance.view(hub.registry.get(id)) : undefined
    if (view) views[id] = encode(view)
  }
  return views
}
