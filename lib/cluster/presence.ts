/**
 * Where the pages of a token are. This process publishes when the first one connects and when the last one has gone. What could
 * not be published is published again later.
 */
import type { Coordinator } from './coordinator.js'

export interface PresenceOptions {
  readonly coordinator: Pick<Coordinator, 'setPresent'>
  readonly node: string
  readonly keep: { readonly keepMs: number }
  /** Resolves when the coordinator can be asked. */
  ready(): Promise<void>
  warn(message: string, error: unknown): void
}

export class Presence {
  private readonly options: PresenceOptions
  /** Whether pages are here, for tokens of which the coordinator may not know that yet. */
  private readonly unpublished = new Map<string, { readonly here: boolean }>()

  constructor(options: PresenceOptions) {
    this.options = options
  }

  publish(token: string, here: boolean): void {
    const { coordinator, node, keep, ready, warn } = this.options
    const entry = { here }
    this.unpublished.set(token, entry)
    ready()
      .then(() => coordinator.setPresent(token, node, here, keep.keepMs))
      .then(
        () => {
          if (this.unpublished.get(token) === entry) this.unpublished.delete(token)
        },
        (error) => warn('Other processes do not know where the pages of a tab are; they are told again.', error),
      )
  }

  publishUnpublished(): void {
    for (const [token, { here }] of [...this.unpublished]) this.publish(token, here)
  }
}
