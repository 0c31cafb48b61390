/** The subscriptions of a page, by number. A number is never used again. */
import { pageLimits } from '../base/limits.js'
import { tooManySubscriptions } from '../protocol/bounds.js'
import { ownAddress } from '../protocol/own-address.js'
import { ClientSubscription, type SubscriptionPage } from './subscription.js'

type Opening = readonly [number: number, address: string, watch: string[], ...began: number[]]

export class Subscriptions {
  /** To the state of the tab itself. */
  readonly own: ClientSubscription
  private readonly page: SubscriptionPage
  private readonly byNumber = new Map<number, ClientSubscription>()
  private lastOpened = 0
  /** Those of the last hello. */
  private greeted: readonly ClientSubscription[] = []

  constructor(page: SubscriptionPage) {
    this.page = page
    this.own = new ClientSubscription(page, 0, ownAddress)
    this.byNumber.set(0, this.own)
  }

  get all(): readonly ClientSubscription[] {
    return [...this.byNumber.values()]
  }

  get(number: number): ClientSubscription | undefined {
    return this.byNumber.get(number)
  }

  isLive(number: number): boolean {
    return this.byNumber.get(number)?.isLive === true
  }

  /** There is one other than that of the tab itself. */
  get hasFurther(): boolean {
    return this.byNumber.size > 1
  }

  /** The one to an address; a new one where there is none. One too many is refused here, since the hub would refuse the whole hello. */
  open(address: string): ClientSubscription {
    const standing = this.all.filter(({ refusal }) => !refusal)
    const known = standing.find((subscription) => subscription.address === address)
    if (known) return known
    this.lastOpened += 1
    const subscription = new ClientSubscription(this.page, this.lastOpened, address)
    if (standing.length >= pageLimits.subscriptions) {
      subscription.refusal = tooManySubscriptions()
      this.page.report(subscription.refusal)
    }
    this.byNumber.set(subscription.number, subscription)
    return subscription
  }

  /** Whether there was such a one; that of the tab itself stays. */
  remove(subscription: ClientSubscription): boolean {
    return subscription !== this.own && this.byNumber.delete(subscription.number)
  }

  /** By address: the revision at which the page was first shown the state. */
  get began(): { readonly [address: string]: number } {
    return Object.fromEntries(this.all.filter(({ began }) => began > 0).map(({ address, began }) => [address, began]))
  }

  /** All of them, for a hello. One may be made for a connection that is gone by then. */
  greet(): Opening[] {
    this.greeted = this.all.filter(({ refusal }) => !refusal)
    return this.greeted.map(openingOf)
  }

  /** The hub has taken the last hello. */
  onGreeted(): void {
    for (const subscription of this.greeted) subscription.isAsked = true
  }

  /** Those that the hub has not been asked for over this connection. */
  openings(): Opening[] {
    const missing = this.all.filter(({ isAsked, refusal }) => !isAsked && !refusal)
    for (const subscription of missing) subscription.isAsked = true
    return missing.map(openingOf)
  }

  onClosed(): void {
    for (const subscription of this.byNumber.values()) subscription.onClosed()
  }
}

const openingOf = ({ number, address, watched, began }: ClientSubscription): Opening => [
  number,
  address,
  watched.greet(),
  ...(began > 0 ? [began] : []),
]
