/** Loads the stored state of a token into its instance, or brings the instance up to date with it. */
import { after, type Eventually } from '../base/eventually.js'
import { ownValue } from '../base/value.js'
import type { Stored } from '../store/store.js'
import { unguarded } from './cancel-guard.js'
import type { Core } from './core.js'
import type { Instance } from './instance.js'
import { LoadError } from './load-error.js'
import { owns } from './ownership.js'
import { noAuthor, takeOwnership, transact } from './transact.js'

/** Loads the stored state. A token that another process may own is followed: loading takes it from no process. */
export function loadOrFollow(core: Core, instance: Instance): Eventually<void> {
  if (!instance.known) return core.store.shared ? refresh(core, instance) : takeOwnership(core, instance)
}

/** Reads the stored state again, also where this process follows the token and has applied each change that reached it. */
export function refresh(core: Core, instance: Instance): Eventually<void> {
  const { shared } = core.store
  if (!shared) return loadOrFollow(core, instance)
  const known = (stored: Stored | undefined) => {
    if (!owns(core, instance)) core.onReloaded(instance, instance.follow(stored))
  }
  const unknown = (error: unknown) => {
    throw new LoadError(instance.token, error)
  }
  const ask = () => shared.follow(instance.token).then(known, unknown)
  // another process may have shown the page what this process has saved, before this process learns that the save succeeded
  return instance.pending ? instance.pending.durable().then(ask, ask) : ask()
}

/** Brings a state of an instance to the shape that its definition has now. */
export function materialize(core: Core, instance: Instance, id: string): Eventually<void> {
  const definition = core.registry.get(id)
  if (instance.known && (ownValue(instance.state, id) === undefined || instance.isCurrent(definition))) return
  return after(
    transact(core, instance.token, unguarded, noAuthor, (transaction) => transaction.get(id)),
    () => {},
  )
}
