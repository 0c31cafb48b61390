/**
 * What calls of a page have replied, until the page says that it has heard it: so much is remembered with its calls, and no more. Once it is full, further
 * calls of the page wait.
 */
import type { Json } from '../base/encode.js'
import { serverLimits } from '../base/server-limits.js'
import { weightOf } from '../instance/call-log.js'

interface Unheard {
  readonly subscription: number
  readonly id: number
  readonly bytes: number
  /** Of the message that it was sent with; `undefined` while its change is not kept. */
  message: number | undefined
}

export class UnheardReplies {
  private all: readonly Unheard[] = []
  private bytes = 0

  get isFull(): boolean {
    return this.bytes >= serverLimits.unheardReplies
  }

  /** A call has replied. Of those that are too many, as of a page that cannot be made to wait, the oldest are forgotten with the call. */
  add(subscription: number, id: number, reply: Json): void {
    const added = { subscription, id, bytes: weightOf(reply), message: undefined }
    this.keep([...this.all.filter((one) => one.id !== id), added])
    while (this.bytes > serverLimits.rememberedReplies) this.keep(this.all.slice(1))
  }

  /** A call has failed all the same. */
  drop(id: number): void {
    if (this.all.some((one) => one.id === id)) this.keep(this.all.filter((one) => one.id !== id))
  }

  /** It was sent with the message of this number. */
  sent(id: number, message: number): void {
    for (const one of this.all) if (one.id === id) one.message = message
  }

  /** The page has heard this message, and all before it. Gives what it has heard of with them. */
  heard(message: number): readonly Pick<Unheard, 'subscription' | 'id'>[] {
    if (this.all.length === 0) return this.all
    const isHeard = (one: Unheard) => one.message !== undefined && one.message <= message
    const heard = this.all.filter(isHeard)
    this.keep(this.all.filter((one) => !isHeard(one)))
    return heard
  }

  private keep(all: readonly Unheard[]): void {
    this.all = all
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
