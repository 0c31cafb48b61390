/**
 * Publishes which tokens have pages in this process: when the first page connects, and when the last one has gone. If publishing
 * fails, it is repeated later. When the coordinator may have lost its data, everything is published again.
 */
import { inTab } from '../base/text.js'
import type { Coordinator } from './coordinator.js'

export interface PresenceOptions {
  readonly coordinator: Pick<Coordinator, 'setPresent'>
  readonly node: string
  readonly keep: { readonly retainMs: number }
  /** Resolves when the coordinator can be asked. */
  ready(): Promise<void>
  warn(message: string, error: unknown): void
}

interface Entry {
  readonly here: boolean
  published: boolean
}

export class Presence {
  private readonly options: PresenceOptions
  /** Tokens with pages here, and those whose pages have gone and the coordinator may not know. */
  private readonly entries = new Map<string, Entry>()

  constructor(options: PresenceOptions) {
    this.options = options
  }

  publish(token: string, here: boolean): void {
    const { coordinator, node, keep, ready, warn } = this.options
    const entry: Entry = { here, published: false }
    this.entries.set(token, entry)
    ready()
      .then(() => coordinator.setPresent(token, node, here, keep.retainMs))
      .then(
        () => {
          entry.published = true
          if (!here && this.entries.get(token) === entry) this.entries.delete(token)
        },
        (error) => warn(`Failed to publish where the pages of a tab are connected ${inTab(token)}; retrying.`, error),
      )
  }

  publishUnpublished(): void {
    for (const [token, { here, published }] of [...this.entries]) if (!published) this.publish(token, here)
  }

  publishAll(): void {
    for (const [token, { here }] of [...this.entries]) this.publish(token, here)
  }
}
