/** What a page shows of its calls until the hub has answered, by subscription. */
import type { Prediction } from './prediction.js'

export class Predictions {
  /** In the order of the calls. */
  private readonly bySubscription = new Map<number, readonly Prediction[]>()

  /** The same list as long as it has the same predictions. */
  of(subscription: number): readonly Prediction[] {
    return this.bySubscription.get(subscription) ?? none
  }

  add(subscription: number, prediction: Prediction): void {
    const all = [...this.of(subscription), prediction]
    this.bySubscription.set(
      subscription,
      all.sort((one, other) => one.call - other.call),
    )
  }

  /** The call has settled. */
  remove(subscription: number, call: number): void {
    this.keep(subscription, (prediction) => prediction.call !== call)
  }

  /** What calls up to this one have changed is shown from now on. */
  shown(subscription: number, done: number): void {
    this.keep(subscription, ({ call }) => call > done)
  }

  private keep(subscription: number, which: (prediction: Prediction) => boolean): void {
    const all = this.of(subscription)
    if (!all.every(which)) this.bySubscription.set(subscription, all.filter(which))
  }
}

export const none: readonly Prediction[] = []
