/** Which message of the hub the page heard last: what it goes on from when it connects again. */
import type { Json } from '../base/encode.js'
import { pageLimits } from '../base/limits.js'
import { type Delta, isCounted } from '../protocol/down.js'

export class LastHeard {
  private last = 0
  /** That of the last message before one that did not fit, until what it did not fit has come as a whole. */
  private fitted: number | undefined
  /** Messages that have come since the hub was told the last time. */
  private unconfirmed = 0
  /** Replies among them; a long one counts as many. */
  private replies = 0

  /** For a hello; `undefined` before the first hi. */
  get number(): number | undefined {
    return this.fitted ?? (this.last || undefined)
  }

  /** A connection begins, after the message of this number. */
  begin(number: number): void {
    this.last = number
    this.unconfirmed = 0
    this.replies = 0
    this.fitted = undefined
  }

  /** A message has come. */
  count(name: string): void {
    if (!isCounted(name)) return
    this.last += 1
    this.unconfirmed += 1
  }

  /** The last one has settled calls: what they replied is counted. */
  settled(delta: Delta): Delta {
    for (const { settled } of delta.changes)
      for (const { reply } of settled)
        if (reply !== undefined) this.replies += isLong(reply) ? pageLimits.heardReplies : 1
    return delta
  }

  /** The last one could not be read, or did not fit. */
  misfit(): void {
    this.fitted ??= this.last - 1
  }

  /** All that did not fit has come as a whole. */
  mended(): void {
    this.fitted = undefined
  }

  /** Now and then, the number for the hub, so that it can forget what came before. */
  toConfirm(): number | undefined {
    const isDue = this.unconfirmed >= pageLimits.heardEvery || this.replies >= pageLimits.heardReplies
    if (!isDue || this.fitted !== undefined) return undefined
    this.unconfirmed = 0
    this.replies = 0
    return this.last
  }
}

/** So long that the hub should not write it with each further save. */
const isLong = (reply: Json) => JSON.stringify(reply).length > pageLimits.longReply
