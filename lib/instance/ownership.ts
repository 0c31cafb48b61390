/**
 * May this process write the state of a token? `owns` answers it for all code. It asks `Nodes.owns`, which asks the shared store, which asks
 * the lease of this process. `Instance.role` alone is what this process knew last, and does not know of a lease that has lapsed: it is good
 * for what is only shown, or asked again under the lock.
 *
 * These stand between code and a write, in this order:
 * - the lock of this process (`locks`);
 * - the guard of a task, which refuses a run that was cancelled (`cancel-guard`), when the work begins and when it saves;
 * - `forgottenTabs.check`: the token was not forgotten in this process a short time ago;
 * - this answer; if it is no, the token is claimed, and the coordinator of the cluster decides who owns it;
 * - `Instance.forgotten`: the newest state that is known does not say that the token was forgotten, here or in another process;
 * - `base.check` of the transaction: no change that this one builds on has failed to save;
 * - `SharedStore.write`, in this process: its replica of the token is the owner, and the revision follows the one that it knows;
 * - the store, which refuses the save of an earlier owner by its fence.
 */
import type { HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { ownershipLost } from '../store/errors.js'
import type { Stored } from '../store/store.js'
import type { Core } from './core.js'
import type { Instance } from './instance.js'
import { LoadError } from './load-error.js'

type Asked = { readonly nodes: Pick<Core['nodes'], 'owns'> }

/** The token is this process's, so it may write without asking. */
export const owns = ({ nodes }: Asked, { role, token }: Pick<Instance, 'role' | 'token'>): boolean =>
  role === 'owner' && nodes.owns(token)

/** The state that this process knows is the newest: it owns the token, or is sent each change. */
export const isUpToDate = (asked: Asked, instance: Pick<Instance, 'role' | 'token'>): boolean =>
  instance.role === 'follower' || owns(asked, instance)

/** Another process owns the token now: this one gives the instance up. */
export function loseOwnership(
  core: Pick<Core, 'onOwnershipLost'>,
  instance: Instance,
  error: HeldStateError = ownershipLost(),
): never {
  instance.disown()
  core.onOwnershipLost(instance, error)
  throw error
}

/** Claims the token, and loads the stored state into the instance. */
export function claimAndLoad(
  core: Pick<Core, 'store' | 'onReloaded'>,
  instance: Instance,
): Eventually<Stored | undefined> {
  instance.disown() // the store may know already that it is this process's, and the instance not yet what it is
  return after(
    rescued(
      () => core.store.load(instance.token),
      (error) => {
        throw new LoadError(instance.token, error)
      },
    ),
    (stored) => {
      core.onReloaded(instance, instance.restore(stored))
      return stored
    },
  )
}
