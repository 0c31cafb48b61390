/**
 * Numbers the messages that a page was sent: over all its subscriptions, and over all its connections for as long as this process remembers the page.
 * They begin at a random one, so that a number of another process means nothing here.
 */
export class Sequence {
  readonly start: number
  /** That of the newest message. */
  last: number

  constructor(start: number) {
    this.start = start
    this.last = start
  }

  /** That of one more message. */
  next(): number {
    this.last += 1
    return this.last
  }
}
