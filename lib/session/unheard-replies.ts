/**
 * What calls of a page have replied, until the page says that it has heard it: so much is remembered with its calls, and no more. Once it is full, further
 * calls of the page wait.
 */
import type { Json } from '../base/encode.js'
import { handlerLimits } from '../base/server-limits.js'
import { type CallLog, weightOf, withoutReplies } from '../instance/call-log.js'
import type { Settlement } from '../protocol/down.js'
import type { Former } from '../protocol/hello.js'

interface Unheard {
  readonly subscription: number
  readonly id: number
  readonly bytes: number
  /** Of the message that it was sent with; `undefined` while its change is not kept. */
  message: number | undefined
}

/** The session of the page. */
export interface ReplyingSession {
  subscription(number: number): Replying | undefined
}

interface Replying {
  readonly instance: { calls: CallLog }
  readonly pageId: string
  readonly formers: readonly Former[]
}

/** Ids rise from a page to the one after it, so each is of one of them. */
function forget({ instance, pageId, formers }: Replying, id: number): void {
  for (const name of [pageId, ...formers.map((former) => former.page)])
    instance.calls = withoutReplies(instance.calls, name, (other) => other === id)
}

const none: readonly Unheard[] = []

export class UnheardReplies {
  private all: readonly Unheard[] = none
  private bytes = 0

  get isFull(): boolean {
    return this.bytes >= handlerLimits.unheardReplies
  }

  /** A call has replied. Of those that are too many, as of a page that cannot be made to wait, the oldest are forgotten with the call. */
  add(subscription: number, id: number, reply: Json): void {
    const added = { subscription, id, bytes: weightOf(reply), message: undefined }
    this.keep([...this.all.filter((one) => one.id !== id), added])
    while (this.bytes > handlerLimits.rememberedReplies) this.keep(this.all.slice(1))
  }

  /** A call has failed all the same. */
  drop(id: number): void {
    if (this.all.some((one) => one.id === id)) this.keep(this.all.filter((one) => one.id !== id))
  }

  /** Calls were settled with the message of this number. */
  sent(settled: readonly Settlement[], message: number): void {
    if (this.all.length === 0) return
    for (const { id, reply } of settled)
      for (const one of this.all) if (reply !== undefined && one.id === id) one.message = message
  }

  /** The page has heard this message, and all before it: their replies are forgotten. Gives whether there is room again. */
  heard(message: number, session: ReplyingSession): boolean {
    if (this.all.length === 0) return false
    const { isFull } = this
    const isHeard = (one: Unheard) => one.message !== undefined && one.message <= message
    for (const one of this.all.filter(isHeard)) {
      const of = session.subscription(one.subscription)
      if (of) forget(of, one.id)
    }
    this.keep(this.all.filter((one) => !isHeard(one)))
    return isFull && !this.isFull
  }

  private keep(all: readonly Unheard[]): void {
    this.all = all
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
