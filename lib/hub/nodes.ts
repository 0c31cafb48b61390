/**
 * The processes that share a store, as this one knows them: which are alive, which tokens are its own, and where pages are. With a
 * store of its own, this process is the only one.
 */
import type { Clock } from '../base/clock.js'
import type { Eventually } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Session } from '../session/session.js'
import type { Shared, StateStore } from '../store/store.js'
import { ClusterListener, type ClusterListenerCore } from './cluster-listener.js'

/** The parts of the hub that it uses. */
export interface NodesCore extends ClusterListenerCore {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'retainMs'>
  readonly store: StateStore
  readonly sessions: Iterable<Pick<Session, 'notifyStore'>>
}

export class Nodes {
  /** The id of this process. */
  readonly node: string
  /** The store has been out of reach for a while. */
  away = false
  private readonly core: NodesCore
  private readonly store: Shared | undefined
  private readonly listener: ClusterListener | undefined

  constructor(core: NodesCore) {
    this.core = core
    this.store = core.store.shared
    this.node = this.store?.node ?? core.clock.id()
    if (!this.store) return
    this.listener = new ClusterListener(core, this.store, (reachable) => this.onStoreReachable(reachable))
    this.store.listen(this.listener, core.limits.retainMs)
  }

  get shared(): boolean {
    return this.store !== undefined
  }

  isAlive(node: string): boolean {
    return this.store?.isAlive(node) ?? node === this.node
  }

  /** Whether this process still owns a token that it has loaded, as far as it can know without asking. */
  owns(token: string): boolean {
    return this.store?.owns(token) ?? true
  }

  /** Publishes whether this process has connected pages of a token. */
  setPresent(token: string, here: boolean): void {
    this.store?.setPresent(token, here)
  }

  /** Milliseconds for which a token has had no page in any other process; `undefined` while one has. */
  unattendedMs(token: string): Eventually<number | undefined> {
    return this.store ? this.store.unattendedMs(token) : Number.POSITIVE_INFINITY
  }

  /** The store has been out of reach for a while (`false`), or is back: pages are sent which. */
  onStoreReachable(reachable: boolean): void {
    this.away = !reachable
    for (const session of this.core.sessions) session.notifyStore(reachable)
  }

  close(): void {
    this.listener?.close()
  }
}
