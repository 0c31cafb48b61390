/** What the hub says to many pages in the same words: the text is made once, for all of them. */
import { type Down, writeDown } from './down.js'

export class SharedDown {
  readonly message: Down
  private written: string | undefined

  constructor(message: Down) {
    this.message = message
  }

  /** JSON, as `send` of a connection would write the message. */
  get text(): string {
    this.written ??= JSON.stringify(writeDown(this.message))
    return this.written
  }
}

/** The store is out of reach, and back. */
export const storeIsAway = new SharedDown({ type: 'stalled', stalled: true })
export const storeIsBack = new SharedDown({ type: 'stalled', stalled: false })
