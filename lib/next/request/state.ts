/** State for server code: of the tab that called it, or of a token that it was given. */
import { decode } from '../../base/encode.js'
import { HeldStateError } from '../../base/errors.js'
import type { DeepReadonly } from '../../delta/view.js'
import { currentHub, currentSlot, refuseEdge } from '../../hub/process-hub.js'
import { readState } from '../../instance/read.js'
import type { Definition, StateOf, ViewOf } from '../../state/definition.js'
import type { HeldToken } from '../../state/self.js'
import { callingTab, isOutsideRequests, noRequest } from './calling-tab.js'
import type { GivenRequest } from './given-request.js'

type Change<D extends Definition, T> = (state: StateOf<D>, held: HeldToken) => T | Promise<T>

/**
 * A copy of one state of the calling tab: fields, private ones too, and computed values. Returns first values if the request names no
 * tab, such as that of a new visitor. In `pages/api` and `getServerSideProps`, pass the request: `getState(definition, { req })`.
 */
export async function getState<D extends Definition>(
  definition: D,
  given?: GivenRequest,
): Promise<DeepReadonly<ViewOf<D>>> {
  refuseEdge()
  const hub = currentSlot() && currentHub()
  const tab = await callingTab(hub, given)
  if (!tab && !given && (await isOutsideRequests()))
    throw new HeldStateError('unknown-tab', noRequest('getState(definition, { req })'))
  const state = hub ? await readState(hub, tab?.token, definition.id) : decode(definition.manifest.defaults)
  return state as DeepReadonly<ViewOf<D>>
}

/**
 * Changes one state under its lock, all or nothing. Resolves with the value that `change` returned, once it is saved. Without a token
 * it changes the state of the calling tab, and rejects with `unknown-tab` if the request names none. In `pages/api`, pass the request:
 * `modifyState(definition, change, { req })`.
 */
export function modifyState<D extends Definition, T>(
  definition: D,
  change: Change<D, T>,
  given?: GivenRequest,
): Promise<T>
export function modifyState<D extends Definition, T>(token: string, definition: D, change: Change<D, T>): Promise<T>
export async function modifyState<D extends Definition, T>(...args: ForCaller<D, T> | ForToken<D, T>): Promise<T> {
  if (isWithToken(args)) return currentHub().modifyState(...args)
  const [definition, change, given] = args as ForCaller<D, T>
  currentHub().lockScope.refuseNested() // first: until the tab is known, the event that calls may be over
  const tab = await callingTab(currentHub(), given)
  if (tab?.loads) throw new HeldStateError('unknown-tab', onlyLoaded)
  if (tab) return currentHub().access.modify(tab.token, definition, change, 'calling')
  if (!given && (await isOutsideRequests()))
    throw new HeldStateError(
      'unknown-tab',
      `${noRequest('modifyState(definition, change, { req })')} If you know the token, pass it: modifyState(token, definition, change).`,
    )
  throw new HeldStateError(
    'unknown-tab',
    'This request does not identify its tab. Call it with heldFetch or as a server action, from a connected page ' +
      'that uses useServerState; elsewhere pass the token: modifyState(token, definition, change).',
  )
}

type ForCaller<D extends Definition, T> = [definition: D, change: Change<D, T>, given?: GivenRequest | undefined]
type ForToken<D extends Definition, T> = [token: string, definition: D, change: Change<D, T>]

const isWithToken = <D extends Definition, T>(args: ForCaller<D, T> | ForToken<D, T>): args is ForToken<D, T> =>
  typeof args[0] === 'string'

/** Any site can lead a visitor to a document. */
const onlyLoaded =
  'State cannot be changed while a document loads: a link on any site could trigger the change. ' +
  'Use an event, a server action, or a route handler called with heldFetch.'
