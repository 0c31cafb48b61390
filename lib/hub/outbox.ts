/**
 * Sessions with something to say. What happens within one turn of the event loop goes out as one message per tab: the
 * number of messages is the cost, not their size.
 */
import type { Clock } from '../base/clock.js'

export interface Sender {
  flush(): void
}

export class Outbox {
  private readonly clock: Clock
  private waiting = new Set<Sender>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(sender: Sender): void {
    if (this.waiting.size === 0) this.clock.turn(() => this.flush())
    this.waiting.add(sender)
  }

  flush(): void {
    const senders = this.waiting
    this.waiting = new Set()
    for (const sender of senders) sender.flush()
  }
}
