/** How fast messages, or bytes, may come before who sends them counts as fast. Unlike a bucket, it goes below zero: what came, came. */
export class CallRate {
  private readonly perSecond: number
  private readonly burst: number
  private level: number
  private at: number | undefined

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.level = burst
  }

  /** Messages have come: whether the page is above its rate. */
  count(messages: number, now: number): boolean {
    const seconds = Math.max(0, now - (this.at ?? now)) / 1000
    this.at = now
    this.level = Math.max(-this.perSecond, Math.min(this.burst, this.level + seconds * this.perSecond) - messages)
    return this.level < 0
  }

  /** Whether it is above its rate now. */
  isAbove(now: number): boolean {
    return this.count(0, now)
  }
}
