/**
 * The places of a hub: one for each connection that is open, opening or being closed. A tenth is kept for known browsers, of
 * which each can have a few.
 */
import { edgeLimits } from '../base/limits.js'

/** Whose connection it is. */
export interface Visitor {
  readonly browser: string
  /** Its cookie is signed, and older than a minute. */
  readonly known: boolean
}

export class Places {
  private readonly limit: number
  private readonly open: number
  /** Kept places that browsers have taken. */
  private readonly kept = new Map<string, number>()
  private count = 0

  constructor(limit: number) {
    this.limit = limit
    this.open = Math.ceil(limit * (1 - edgeLimits.keptPlaces))
  }

  get taken(): number {
    return this.count
  }

  /** Takes a place, and gives what gives it back; `undefined` if there is none for this visitor. */
  take({ browser, known }: Visitor): (() => void) | undefined {
    if (this.count < this.open) return this.taking(() => {})
    const mine = this.kept.get(browser) ?? 0
    if (!known || this.count >= this.limit || mine >= edgeLimits.keptPlacesPerBrowser) return undefined
    this.kept.set(browser, mine + 1)
    return this.taking(() => this.leaveKept(browser))
  }

  private taking(leave: () => void): () => void {
    this.count += 1
    let here = true
    return () => {
      if (!here) return
      here = false
      this.count -= 1
      leave()
    }
  }

  private leaveKept(browser: string): void {
    const left = (this.kept.get(browser) ?? 1) - 1
    if (left > 0) this.kept.set(browser, left)
    else this.kept.delete(browser)
  }
}
