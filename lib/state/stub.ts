/**
 * What replaces a state module everywhere but in the hub: id, manifest, triggers and what optimistic events show;
 * no other code. The loader of the Next plugin writes the calls.
 */
import type { Manifest } from '../protocol/manifest.js'
import type { Definition } from './definition.js'
import type { Predictions } from './prediction.js'
import { type Trigger, trigger } from './trigger.js'

export function stub(manifest: Manifest, predictions?: Predictions): Definition {
  const { id } = manifest
  const names = [...manifest.events, ...manifest.tasks]
  const triggers: Record<string, (...args: unknown[]) => Trigger> = Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => trigger(id, name, args)]),
  )
  const optimistic = predictions && { predictions }
  return Object.freeze({ id, manifest, triggers: Object.freeze(triggers), ...optimistic })
}
