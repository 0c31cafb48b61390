/**
 * The states that a page watches, in an order to which the wire refers by position. What the hub has refused, since the page watches as many
 * as it may, is not said again: a page whose every hello is refused would be offline for good.
 */
export class WatchList {
  readonly ids: string[] = []
  private readonly refused = new Set<string>()
  /** States that this connection watches. */
  private greeted = 0

  /** The position of a state; -1 if it is not watched. */
  position(id: string): number {
    return this.ids.indexOf(id)
  }

  isRefused(id: string): boolean {
    return this.refused.has(id)
  }

  /** The position of a state that is watched from now on. */
  add(id: string): number {
    return this.ids.push(id) - 1
  }

  /** The hub watches no more: this state, and those that were added after it, are left out. */
  refuse(id: string): void {
    const position = this.position(id)
    this.refused.add(id)
    if (position < 0) return
    for (const left of this.ids.splice(position)) this.refused.add(left)
    this.greeted = Math.min(this.greeted, this.ids.length)
  }

  /** The hub was not asked for it, nor for those after it. */
  miss(id: string): void {
    const position = this.position(id)
    if (position >= 0) this.greeted = Math.min(this.greeted, position)
  }

  /** All of them, for a hello. */
  greet(): string[] {
    this.greeted = this.ids.length
    return [...this.ids]
  }

  /** Those that were added after the hello of this connection, once each. */
  missing(): string[] {
    const missing = this.ids.slice(this.greeted)
    this.greeted = this.ids.length
    return missing
  }
}
