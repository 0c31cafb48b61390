/**
 * What one page was sent of one subscription, message by message. A page that comes back names the last message it heard, which may have been about
 * others; as long as what it had then is remembered, it gets the difference. The views share what did not change between them, so a mark costs little.
 */
import type { Limits } from '../base/limits.js'
import type { View } from '../instance/views.js'
import type { RememberedWindow, ReplayMemory } from './replay-memory.js'
import type { Sequence } from './sequence.js'

/** What a page has once it heard a message: a revision, and a view for each watched state. Good until the next is noted. */
export interface Checkpoint {
  readonly revision: number
  /** The birth of the state at this checkpoint. */
  readonly birth: string | undefined
  readonly views: readonly (View | undefined)[]
}

/** Reused by later messages: objects that live for a while and are then dropped cost the garbage collector most. */
interface Slot {
  /** Of the message. */
  number: number
  revision: number
  birth: string | undefined
  /** About what this mark keeps from being collected: as many bytes as the message had, and the texts of which it had some words. */
  bytes: number
  views: (View | undefined)[]
}

export type ReplayBounds = Pick<Limits, 'rememberedMessages' | 'rememberedBytes'>

export class ReplayWindow implements RememberedWindow {
  private slots: Slot[] = []
  private readonly bounds: ReplayBounds
  private readonly windows: ReplayMemory
  /** That of the page. */
  readonly sequence: Sequence
  /** Marks are counted; the newest. */
  private last = 0
  /** The oldest one that is remembered. */
  private first = 1
  private bytes = 0
  private isClosed = false
  /** Of the state that the page was told of last; it may not have heard that. */
  birth: string | undefined

  constructor(bounds: ReplayBounds, sequence: Sequence, windows: ReplayMemory) {
    this.bounds = bounds
    this.windows = windows
    this.sequence = sequence
  }

  /** Notes what a page has with the message of this number, in which texts of so many bytes are others now by some words. */
  record(number: number, revision: number, watched: readonly { readonly sent: View | undefined }[], texts = 0): void {
    if (this.last - this.first + 1 === this.bounds.rememberedMessages) this.forgetFirst()
    this.last += 1
    const at = this.slotOf(this.last)
    let place = this.slots[at]
    if (!place) {
      place = { number, revision, birth: undefined, bytes: 0, views: [] }
      if (this.slots.length === 0 && at === 0)
        this.slots = [place] // which has room for one: most pages need no more
      else this.slots[at] = place
    }
    place.number = number
    place.revision = revision
    place.birth = this.birth
    place.bytes = texts
    this.bytes += texts
    if (place.views.length !== watched.length) place.views = new Array(watched.length)
    for (let position = 0; position < watched.length; position += 1) place.views[position] = watched[position]?.sent
  }

  /** Says how long the message was that was noted last. */
  weigh(bytes: number): void {
    const place = this.slots[this.slotOf(this.last)]
    if (!place || this.last < this.first) return
    place.bytes += bytes
    this.bytes += bytes
    while (this.bytes > this.bounds.rememberedBytes && this.first < this.last) this.forgetFirst()
    if (place.bytes > 0) this.windows.changed(this, this.bytes)
  }

  /** What the page has that heard this message last, and nothing of what it was sent after that. */
  rewind(heard: number | undefined): Checkpoint | undefined {
    const isKnown = heard !== undefined && heard <= this.sequence.last && heard >= this.sequence.start
    while (this.last >= this.first) {
      const mark = this.slots[this.slotOf(this.last)]
      if (isKnown && mark && mark.number <= heard) return mark
      this.forgetLast()
    }
    return undefined
  }

  /** The page has heard this message: it does not go on from an earlier one. */
  heard(number: number): void {
    const { bytes } = this
    while (this.first < this.last && (this.slots[this.slotOf(this.first + 1)]?.number ?? number) <= number)
      this.forgetFirst()
    if (this.bytes < bytes) this.windows.changed(this, this.bytes)
  }

  /** The page has gone: the views of it, of so many bytes, may soon be kept for it alone. */
  close(bytes: number): void {
    this.isClosed = true
    if (this.last >= this.first) this.windows.changed(this, this.bytes + bytes)
  }

  /** The page is back. */
  open(): void {
    this.isClosed = false
    if (this.bytes > 0) this.windows.changed(this, this.bytes)
    else this.windows.forget(this)
  }

  /** Forgets all but what a page that is here was sent last. */
  shorten(): void {
    if (this.isClosed) return this.clear()
    while (this.first < this.last) this.forgetFirst()
  }

  /** Forgets all of it: its page has gone. */
  clear(): void {
    this.first = this.last + 1
    this.slots = []
    this.bytes = 0
    this.windows.forget(this)
  }

  private forgetFirst(): void {
    this.empty(this.first)
    this.first += 1
  }

  private forgetLast(): void {
    this.empty(this.last)
    this.last -= 1
  }

  private empty(mark: number): void {
    const place = this.slots[this.slotOf(mark)]
    if (!place) return
    this.bytes -= place.bytes
    place.bytes = 0
    place.views.fill(undefined)
  }

  /** From the first on, so that there are as many as were needed. */
  private slotOf(mark: number): number {
    return (mark - 1) % this.bounds.rememberedMessages
  }
}
