/** Brings what the hub says into the mirror, where components see it, and settles the calls that it names. */
import { fromFailure } from '../base/errors.js'
import type { Change, Closed, Delta, Resumed, Welcome } from '../protocol/down.js'
import { stateLost } from './call-failures.js'
import type { Calls } from './calls.js'
import { isOther, lose, type Mirror, type MirrorStore, receive, type Shown, shownOf } from './mirror.js'
import type { ClientSubscription } from './subscription.js'
import type { Subscriptions } from './subscriptions.js'

/** The page that shows it. */
export interface DisplayPage {
  /** A subscription shows the whole of its state. */
  onBegun(subscription: ClientSubscription, shown: Shown): void
  /** Asks for the whole of a state: what came does not fit. */
  resync(subscription: ClientSubscription): void
  sendWaiting(): void
}

export class Display {
  /** The app has forgotten the state of the tab, as for a logout, so the next one is no surprise. */
  isForgotten = false
  private readonly page: DisplayPage
  private readonly mirror: MirrorStore
  private readonly subscriptions: Subscriptions
  private readonly calls: Calls

  constructor(page: DisplayPage, mirror: MirrorStore, subscriptions: Subscriptions, calls: Calls) {
    this.page = page
    this.mirror = mirror
    this.subscriptions = subscriptions
    this.calls = calls
  }

  /** The one place where states in the mirror change: what the hub has said, and on top of it the calls that it has not answered. */
  show(changed: ReadonlyMap<number, Shown>, connection?: Partial<Omit<Mirror, 'shown'>>): void {
    const now = this.mirror.getState()
    const shown = new Map(now.shown)
    let isNew = connection !== undefined
    for (const { number } of this.subscriptions.all) {
      const before = shownOf(now, number)
      const predictions = this.calls.predictions.of(number)
      const said = changed.get(number) ?? before
      if (said === before && predictions === before.predictions) continue
      isNew = true
      shown.set(number, said.predictions === predictions ? said : { ...said, predictions })
    }
    if (isNew) this.mirror.setState({ ...connection, shown })
  }

  /** A subscription shows the whole of its state, or what the page missed of it. */
  begin(message: Welcome | Resumed): void {
    const subscription = this.subscriptions.get(message.subscription)
    if (!subscription) return
    const before = shownOf(this.mirror.getState(), subscription.number)
    const isLost = message.type === 'welcome' && this.isLost(subscription, message)
    if (isLost) this.calls.fail(stateLost(), subscription.number)
    else if (message.type === 'welcome') this.calls.checkBirth(subscription.number, message.birth)
    const received = receive(before, message)
    if (isLost || !subscription.isWelcomed) subscription.began = message.type === 'welcome' ? message.revision : 0
    if (received.outcome !== 'applied') return this.page.resync(subscription)
    const isShownLost = isLost && before.revision > 0 && !this.isForgotten
    this.opened(subscription, message.lastCallId, isShownLost ? lose(before, received.shown) : received.shown)
    if (subscription === this.subscriptions.own && message.type === 'welcome') this.isForgotten = false
  }

  private opened(subscription: ClientSubscription, done: number, shown: Shown): void {
    const { number } = subscription
    this.calls.predictions.shown(number, done)
    for (const settlement of subscription.takeUnseen()) this.calls.settle(settlement)
    subscription.continued.reset()
    subscription.isLive = true
    subscription.isWelcomed = true
    subscription.isReplaced = false
    subscription.isResyncing = false
    const isOwn = subscription === this.subscriptions.own
    this.show(new Map([[number, shown]]), isOwn ? { status: 'live', waiting: undefined, unsettled: 0 } : undefined)
    this.page.onBegun(subscription, shown)
  }

  private isLost(subscription: ClientSubscription, message: Welcome): boolean {
    const { isReplaced, isWelcomed, number } = subscription
    return isWelcomed && (isReplaced || isOther(shownOf(this.mirror.getState(), number), message))
  }

  change({ changes }: Delta): void {
    const isHeldBack = this.calls.holdsBack
    const shown = new Map<number, Shown>()
    for (const change of changes) this.changeOne(change, shown)
    if (isHeldBack && changes.some(({ settled }) => settled.length > 0)) this.page.sendWaiting()
    this.show(shown)
  }

  private changeOne(change: Change, shown: Map<number, Shown>): void {
    const { settled, lastCallId = 0, subscription: number } = change
    const subscription = this.subscriptions.get(number)
    if (!subscription) return
    const before = shown.get(number) ?? shownOf(this.mirror.getState(), number)
    const received = receive(before, change, subscription.continued)
    if (received.outcome === 'gap') {
      this.page.resync(subscription)
      return subscription.putOff(settled)
    }
    this.calls.predictions.shown(number, lastCallId)
    for (const settlement of settled) this.calls.settle(settlement)
    const next = received.outcome === 'applied' ? received.shown : before
    const isUsed = next.lost && settled.some(({ failure }) => !failure)
    shown.set(number, isUsed ? { ...next, lost: false } : next)
  }

  /** The hub has closed a further subscription. What it showed last stays. */
  closed({ subscription: number, failure }: Closed): void {
    const subscription = this.subscriptions.get(number)
    if (!subscription) return
    const error = fromFailure(failure)
    subscription.refusal = error
    subscription.onClosed()
    this.calls.fail(error, number)
    this.show(new Map())
    this.page.sendWaiting()
  }
}
