/**
 * May this process write the state of a token? `isOurs` answers it for all code. `Instance.role` alone is what this process knew last, and
 * does not know of a lease that has lapsed: it is good for what is only shown, or asked again under the lock.
 *
 * These stand between code and a write, in this order:
 * - the lock of this process (`locks`);
 * - the guard of a task, which refuses a run that was cancelled (`write-guard`), when the work begins and when it saves;
 * - `endings.check`: the token was not ended in this process a short time ago;
 * - this answer; if it is no, the token is claimed, and the coordinator of the cluster decides who owns it;
 * - `Instance.forgotten`: the newest state that is known does not say that the token was ended, here or in another process;
 * - `base.check` of the transaction: no change that this one builds on has failed to save;
 * - the store, which refuses the save of an earlier owner by its fence.
 */
import type { Core } from './core.js'
import type { Instance } from './instance.js'

type Asked = { readonly nodes: Pick<Core['nodes'], 'holds'> }

/** The token is this process's, so it may write without asking. */
export const isOurs = ({ nodes }: Asked, { role, token }: Pick<Instance, 'role' | 'token'>): boolean =>
  role === 'owner' && nodes.holds(token)

/** The state that this process knows is the newest: it owns the token, or is sent each change. */
export const isUpToDate = (asked: Asked, instance: Pick<Instance, 'role' | 'token'>): boolean =>
  instance.role === 'follower' || isOurs(asked, instance)
