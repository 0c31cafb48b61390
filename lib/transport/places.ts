/**
 * The places of a hub: one for each connection that is open, opening or being closed. A tenth is kept for known browsers, of
 * which each can have a few. Once half of them are taken, no address gets more than its share.
 */
import { crowdLimits } from '../base/crowd-limits.js'
import { edgeLimits } from '../base/server-limits.js'
import { Tally } from '../base/tally.js'

/** Whose connection it is. */
export interface Visitor {
  readonly browser: string
  /** Its cookie is signed, and older than a minute. */
  readonly known: boolean
  /** The key of its buckets, if it is known. */
  readonly address?: string | undefined
}

/** A place that is taken. */
export class Place {
  private places: Places | undefined
  readonly address: string | undefined
  /** Its browser, if it is one of the kept places. */
  readonly browser: string | undefined

  constructor(places: Places, address: string | undefined, browser?: string) {
    this.places = places
    this.address = address
    this.browser = browser
  }

  /** Gives it back. */
  leave(): void {
    this.places?.left(this)
    this.places = undefined
  }
}

export class Places {
  private readonly limit: number
  private readonly open: number
  /** Kept places that browsers have taken. */
  private readonly kept = new Tally()
  private readonly byAddress = new Tally()
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
    if (address === undefined || this.count < this.limit * crowdLimits.sharedPlaces) return false
    const share = Math.max(crowdLimits.leastPlacesPerAddress, this.limit * crowdLimits.placesPerAddress)
    return this.byAddress.of(address) >= share
  }

  /** `undefined` if there is no place for this visitor. */
  take({ browser, known, address }: Visitor): Place | undefined {
    if (this.isGreedy(address)) return undefined
    if (this.count < this.open) return this.took(new Place(this, address))
    const mine = this.kept.of(browser)
    if (!known || this.count >= this.limit || mine >= edgeLimits.keptPlacesPerBrowser) return undefined
    return this.took(new Place(this, address, browser))
  }

  /** A place is given back, for the first time. */
  left(place: Place): void {
    this.changed(place, -1)
  }

  private took(place: Place): Place {
    this.changed(place, 1)
    return place
  }

  private changed({ address, browser }: Place, by: number): void {
    this.count += by
    this.byAddress.add(address, by)
    this.kept.add(browser, by)
  }
}
