/**
 * The places of a hub: one for each connection that is open, opening or being closed. A tenth is kept for known browsers, of
 * which each can have a few. Once half of them are taken, no address gets more than its share.
 */
import { guardLimits } from '../base/guard-limits.js'
import { edgeLimits } from '../base/server-limits.js'

/** Whose connection it is. */
export interface Visitor {
  readonly browser: string
  /** Its cookie is signed, and older than a minute. */
  readonly known: boolean
  /** The key of its buckets, if it is known. */
  readonly address?: string | undefined
}

export class Places {
  private readonly limit: number
  private readonly open: number
  /** Kept places that browsers have taken. */
  private readonly kept = new Map<string, number>()
  private readonly byAddress = new Map<string, number>()
  private count = 0

  constructor(limit: number) {
    this.limit = limit
    this.open = Math.ceil(limit * (1 - edgeLimits.keptPlaces))
  }

  get taken(): number {
    return this.count
  }

  /** Whether an address has its share of places that are scarce. */
  isGreedy(address: string | undefined): boolean {
    if (address === undefined || this.count < this.limit * guardLimits.sharedPlaces) return false
    const share = Math.max(guardLimits.leastPlacesPerAddress, this.limit * guardLimits.placesPerAddress)
    return (this.byAddress.get(address) ?? 0) >= share
  }

  /** Takes a place, and gives what gives it back; `undefined` if there is none for this visitor. */
  take({ browser, known, address }: Visitor): (() => void) | undefined {
    if (this.isGreedy(address)) return undefined
    if (this.count < this.open) return this.taking(address, () => {})
    const mine = this.kept.get(browser) ?? 0
    if (!known || this.count >= this.limit || mine >= edgeLimits.keptPlacesPerBrowser) return undefined
    add(this.kept, browser, 1)
    return this.taking(address, () => add(this.kept, browser, -1))
  }

  private taking(address: string | undefined, leave: () => void): () => void {
    this.count += 1
    if (address !== undefined) add(this.byAddress, address, 1)
    let here = true
    return () => {
      if (!here) return
      here = false
      this.count -= 1
      if (address !== undefined) add(this.byAddress, address, -1)
      leave()
    }
  }
}

/** A key that counts nothing has no entry. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
