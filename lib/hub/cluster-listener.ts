/** Receives the events of a store that processes share, and hands each to the part that acts on it. */
import { Handover, type HandoverCore } from '../instance/handover.js'
import type { ClusterEvents, Shared, Stored } from '../store/store.js'
import type { TaskScheduler } from '../tasks/scheduler.js'
import { RemoteChanges, type RemoteChangesCore } from './remote-changes.js'

export interface ClusterListenerCore extends HandoverCore, RemoteChangesCore {
  readonly forgottenTabs: {
    /** Another process asks for something. */
    onBroadcast(word: string): void
  }
  readonly tasks: Pick<TaskScheduler, 'adoptions' | 'saver' | 'disconnects'>
}

export class ClusterListener implements ClusterEvents {
  private readonly core: ClusterListenerCore
  private readonly handover: Handover
  private readonly changes: RemoteChanges
  private readonly reachable: (reachable: boolean) => void

  constructor(core: ClusterListenerCore, store: Shared, reachable: (reachable: boolean) => void) {
    this.core = core
    this.reachable = reachable
    this.handover = new Handover(core, store)
    this.changes = new RemoteChanges(core, store)
  }

  onHandoverRequested(token: string): void {
    this.handover.request(token)
  }

  onChanged(token: string, stored: Stored | undefined): void {
    this.changes.apply(token, stored)
  }

  onLeaseLost(): void {
    this.changes.readAllAgain()
  }

  onLastPageLeft(token: string): void {
    this.core.tasks.disconnects.onLastPageLeft(token)
  }

  onOrphans(): void {
    this.core.tasks.adoptions.onOrphans()
  }

  onBroadcast(word: string): void {
    this.core.forgottenTabs.onBroadcast(word)
  }

  onStoreReachable(reachable: boolean): void {
    this.reachable(reachable)
  }

  close(): void {
    this.handover.close()
    this.changes.close()
  }
}
