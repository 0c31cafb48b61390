/** Who waits for a token that another node holds. */
import type { Clock } from '../base/clock.js'

interface Turn {
  /** The node that held it. */
  readonly holder: string
  readonly wake: () => void
}

export class Turns {
  private readonly clock: Clock
  private readonly turns = new Map<string, Turn>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Resolves when the token may be free: when it is woken, or after `ms` milliseconds. */
  wait(token: string, holder: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancelTimer()
        this.turns.delete(token)
        resolve()
      }
      const cancelTimer = this.clock.after(ms, wake)
      this.turns.set(token, { holder, wake })
    })
  }

  wake(token: string): void {
    this.turns.get(token)?.wake()
  }

  /** Wakes all, or those that wait for a node. */
  wakeAll(of?: string): void {
    for (const { holder, wake } of [...this.turns.values()]) if (of === undefined || holder === of) wake()
  }
}
