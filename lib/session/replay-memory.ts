/** What all pages of a process could be given the difference to. Where that takes too much, the oldest is forgotten first. */

/** What one page was sent. */
export interface RememberedWindow {
  /** Forgets all but the newest of it. */
  shorten(): void
}

export class ReplayMemory {
  private readonly limit: number
  /** Bytes of each, the oldest first. */
  private readonly sizes = new Map<RememberedWindow, number>()
  /** Bytes of all together. */
  bytes = 0

  constructor(limit: number) {
    this.limit = limit
  }

  changed(window: RememberedWindow, bytes: number): void {
    this.bytes += bytes - (this.sizes.get(window) ?? 0)
    this.sizes.set(window, bytes)
    if (this.bytes <= this.limit) return
    for (const oldest of this.sizes.keys()) {
      if (this.bytes <= this.limit) return
      this.forget(oldest)
      oldest.shorten()
    }
  }

  forget(window: RememberedWindow): void {
    this.bytes -= this.sizes.get(window) ?? 0
    this.sizes.delete(window)
  }
}
