/** The parts of a process that background tasks use. */
import type { Eventually } from '../base/eventually.js'
import type { Instance } from '../instance/instance.js'
import type { LockedWorkCore } from '../instance/locked-work.js'
import type { Trigger } from '../state/trigger.js'

export interface TasksCore extends LockedWorkCore {
  readonly isClosing: boolean
  /** Milliseconds between two messages to one page. */
  readonly outbox: { readonly frame: number }
  readonly instances: ReadonlyMap<string, Instance>
  readonly memory: {
    /** Bytes that the arguments of all waiting starts may take. */
    readonly waitingStarts: number
  }
  readonly nodes: LockedWorkCore['nodes'] & {
    /** Milliseconds for which a token has had no page in any other process; `undefined` while it has one. */
    unattendedMs(token: string): Eventually<number | undefined>
  }
  /** Starts triggers in order. */
  start(token: string, triggers: readonly Trigger[]): void
  /** Brings an instance up to date with the store. */
  refresh(instance: Instance): Eventually<void>
  /** Resolves when the definitions are loaded. */
  ready(): Promise<void>
  /** Reports an error that no caller gets. */
  report(token: string, error: unknown): void
}
