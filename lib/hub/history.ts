/**
 * What one page was sent, message by message. A page that comes back names the last message it heard; as long as that is
 * remembered, it gets the difference. The views share what did not change between them, so a mark costs little.
 */
import type { View } from './instance.js'

/** What a page has once it heard a message: a revision, and a view for each watched state. Good until the next is noted. */
export interface Mark {
  readonly revision: number
  readonly views: readonly (View | undefined)[]
}

/** Written anew with each message that takes its place: what is kept for a while and then dropped is dear to collect. */
interface Place {
  revision: number
  readonly views: (View | undefined)[]
}

export class History {
  private readonly places: Place[] = []
  private readonly bound: number
  private readonly start: number
  /** The number of the newest message. */
  private last: number

  /** Numbers go on from `start`: a random one, so that a number of another process means nothing here. */
  constructor(bound: number, start: number) {
    this.bound = bound
    this.start = start
    this.last = start
  }

  /** Notes a message that was sent; its number. */
  note(revision: number, watched: readonly { readonly sent: View | undefined }[]): number {
    this.last += 1
    const at = this.placeOf(this.last)
    let place = this.places[at]
    if (!place) {
      place = { revision, views: [] }
      this.places[at] = place
    }
    place.revision = revision
    place.views.length = watched.length
    for (let position = 0; position < watched.length; position += 1) place.views[position] = watched[position]?.sent
    return this.last
  }

  at(number: number): Mark | undefined {
    return number > this.last - this.bound && number <= this.last ? this.places[this.placeOf(number)] : undefined
  }

  /** From the first on, so that there are as many as were needed. */
  private placeOf(number: number): number {
    return (number - this.start - 1) % this.bound
  }
}
