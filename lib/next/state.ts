/** State for server code: of the tab that called it, or of a token that it was given. */
import { decode } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import type { DeepReadonly } from '../delta/view.js'
import { readState } from '../hub/reading.js'
import { currentHub, currentSlot } from '../hub/slot.js'
import type { Definition, StateOf, ViewOf } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'
import { callingTab } from './calling-tab.js'

type Change<D extends Definition, T> = (state: StateOf<D>, held: HeldToken) => T | Promise<T>

/**
 * A copy of one state of the calling tab: fields, private ones too, and computed values. First values if the request does not
 * tell which tab it comes from, as that of a new visitor.
 */
export async function getState<D extends Definition>(definition: D): Promise<DeepReadonly<ViewOf<D>>> {
  const hub = currentSlot() && currentHub()
  const tab = await callingTab(hub)
  const state = hub ? await readState(hub, tab?.token, definition.id) : decode(definition.manifest.defaults)
  return state as DeepReadonly<ViewOf<D>>
}

/**
 * Changes one state under its lock, all or nothing; resolves with what `change` returned, once it is saved. Without a token
 * it is that of the calling tab, and rejects with `unknown-tab` if the request does not tell.
 */
export function modifyState<D extends Definition, T>(definition: D, change: Change<D, T>): Promise<T>
export function modifyState<D extends Definition, T>(token: string, definition: D, change: Change<D, T>): Promise<T>
export async function modifyState<D extends Definition, T>(
  ...args: [definition: D, change: Change<D, T>] | [token: string, definition: D, change: Change<D, T>]
): Promise<T> {
  if (args.length === 3) return currentHub().modifyState(...args)
  currentHub().flow.refuseNested() // first: until the tab is known, the event that calls may have ended
  const tab = await callingTab(currentHub())
  if (tab?.loads) throw new HeldStateError('unknown-tab', onlyLoaded)
  if (tab) return currentHub().access.modify(tab.token, ...args, 'calling')
  throw new HeldStateError(
    'unknown-tab',
    'This request does not tell which tab it comes from. Call it by heldFetch or as a server action, from a page with ' +
      'useServerState that is connected; elsewhere give the token: modifyState(token, definition, change).',
  )
}

/** Any site can lead a visitor to a document. */
const onlyLoaded =
  'A document that is only loaded changes no state: a link on any site could make it do so. Change it in an event, a server action or a route ' +
  'handler that heldFetch calls.'
