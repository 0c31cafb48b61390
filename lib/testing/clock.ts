/** A clock that a test owns: time moves when the test moves it, and chance comes from a seed. */
import type { Clock } from '../base/clock.js'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class TestClock implements Clock {
  private time = 0
  private timers: Timer[] = []
  private turns: (() => void)[] = []
  private random: number

  constructor(seed = 1) {
    this.random = seed
  }

  /** Timers that have not run and were not taken back. */
  get running(): number {
    return this.timers.length
  }

  now(): number {
    return this.time
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  turn(run: () => void): void {
    this.turns.push(run)
  }

  id(): string {
    return Array.from({ length: 4 }, () => this.next().toString(16).padStart(8, '0')).join('')
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      const turns = this.turns
      if (turns.length === 0) return
      this.turns = []
      for (const run of turns) run()
    }
  }

  /** Lets `ms` milliseconds pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await this.settle()
    for (;;) {
      const next = this.timers.reduce<Timer | undefined>(
        (first, timer) => (timer.at <= end && (!first || timer.at < first.at) ? timer : first),
        undefined,
      )
      if (!next) break
      this.time = Math.max(this.time, next.at)
      this.timers = this.timers.filter((timer) => timer !== next)
      next.run()
      await this.settle()
    }
    this.time = end
  }

  /** 32 bits of a linear congruential generator: enough to tell ids apart, and the same for the same seed. */
  private next(): number {
    this.random = (Math.imul(this.random, 1664525) + 1013904223) >>> 0
    return this.random
  }
}
