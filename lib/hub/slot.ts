/**
 * The one process-wide slot. The custom server and every bundle that Next makes hold copies of this library; they share
 * the process and meet here.
 */
import { HeldStateError } from '../base/errors.js'
import type { Hub } from './hub.js'

export interface Slot {
  readonly hub: Hub
  /** What a request to the route that loads the state modules must carry, so that only this process can make one. */
  readonly routeKey: string
  /** Work that waits for a request to that route, taken once. */
  readonly takeJob?: (id: string) => (() => Promise<void>) | undefined
}

const key = Symbol.for('heldstate.slot')
const process = globalThis as { [key]?: Slot | undefined }

/** Fills the slot; `undefined` empties it. */
export function setSlot(slot: Slot | undefined): void {
  process[key] = slot
}

export function currentSlot(): Slot | undefined {
  return process[key]
}

/** The hub of this process. */
export function currentHub(): Hub {
  const slot = process[key]
  if (slot) return slot.hub
  throw new HeldStateError(
    'missing-hub',
    'No heldstate hub runs in this process. Start the app through serve() from "heldstate/next" (see server.ts in the README).',
  )
}
