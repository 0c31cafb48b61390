/**
 * May this process write the state of a token? Asked here and nowhere else. `Instance.role` says what this process last knew; `nodes.holds` adds
 * whether its lease still stands. A save is refused all the same if another process owns the token by then: the fence is the store's.
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
