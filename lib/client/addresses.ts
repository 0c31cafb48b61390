/** Opens further subscriptions, to the state of an address each, and closes those that nobody uses any more. */
import { HeldStateError } from '../base/errors.js'
import type { Calls } from './calls.js'
import type { MirrorStore } from './mirror.js'
import type { OutgoingQueue } from './outgoing.js'
import { idBytes } from './request.js'
import type { ClientSubscription } from './subscription.js'
import type { Subscriptions } from './subscriptions.js'

export interface AddressesParts {
  readonly subscriptions: Subscriptions
  readonly calls: Calls
  readonly mirror: MirrorStore
  readonly outgoing: OutgoingQueue
  isConnected(): boolean
  sendWaiting(): void
}

export class Addresses {
  private readonly parts: AddressesParts

  constructor(parts: AddressesParts) {
    this.parts = parts
  }

  /** The server says whether the page may watch the state there. Each call needs a `close` of its own. */
  open(address: string): ClientSubscription {
    const subscription = this.parts.subscriptions.open(address)
    subscription.users += 1
    queueMicrotask(() => this.openMissing()) // by then it watches what a component shows
    return subscription
  }

  /** Asks the hub for those that it was not asked for over this connection. */
  openMissing(): void {
    const { outgoing, subscriptions, isConnected } = this.parts
    if (isConnected()) for (const opening of subscriptions.openings()) outgoing.add(['open', ...opening], idBytes)
  }

  /** One that opened it does not use it any more. With the last one it is closed, and its calls fail, unless they are of a former page. */
  close(subscription: ClientSubscription): void {
    subscription.users -= 1
    if (subscription.users > 0 || this.parts.calls.hasFormer(subscription.number)) return
    this.remove(subscription)
  }

  /** Closes those that were opened for calls of former pages alone, once these have settled. */
  closeUnused(): void {
    const { calls, subscriptions } = this.parts
    for (const subscription of subscriptions.all)
      if (subscription.users === 0 && !calls.isUsed(subscription.number)) this.remove(subscription)
  }

  private remove(subscription: ClientSubscription): void {
    const { calls, mirror, outgoing, subscriptions, isConnected, sendWaiting } = this.parts
    const { number, isAsked } = subscription
    if (!subscriptions.remove(subscription)) return
    if (isAsked && isConnected()) outgoing.add(['close', number], idBytes)
    calls.fail(new HeldStateError('offline', 'This page closed its subscription.'), number)
    sendWaiting()
    const shown = new Map(mirror.getState().shown)
    shown.delete(number)
    mirror.setState({ shown })
  }
}
