/**
 * What one page was sent, message by message. A page that comes back names the last message it heard; as long as that is
 * remembered, it gets the difference. The views share what did not change between them, so a mark costs little.
 */
import type { View } from './instance.js'

/** What a page has once it heard a message: a revision, and a view for each watched state. */
export interface Mark {
  readonly revision: number
  readonly views: readonly (View | undefined)[]
}

export class History {
  private readonly marks: Mark[] = []
  private readonly bound: number
  /** The number of the newest message. */
  private last: number

  /** Numbers go on from `start`: a random one, so that a number of another process means nothing here. */
  constructor(bound: number, start: number) {
    this.bound = bound
    this.last = start
  }

  /** Notes a message that was sent; its number. */
  note(mark: Mark): number {
    this.last += 1
    this.marks[this.last % this.bound] = mark
    return this.last
  }

  at(number: number): Mark | undefined {
    return number > this.last - this.bound && number <= this.last ? this.marks[number % this.bound] : undefined
  }
}
