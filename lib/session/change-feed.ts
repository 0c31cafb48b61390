/**
 * What one page is sent of one state. What to send is never recorded; it is the difference between what was sent last and
 * what is now, so a slow tab costs the size of its state and not the length of its absence.
 */
import { type DiffOptions, diff } from '../delta/diff.js'
import type { Patch } from '../delta/patch.js'
import { lastCallId } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import type { View } from '../instance/views.js'
import { ContinuedText, isTextSplice } from '../protocol/continued-text.js'
import type { Change, Resumed, Settlement, Welcome } from '../protocol/down.js'
import type { Registry } from '../state/registry.js'
import type { Checkpoint, ReplayWindow } from './replay-window.js'

/** One watched state: which, and what of it the tab has. */
interface Watched {
  readonly id: string
  sent: View | undefined
}

export interface ChangeFeedParts {
  readonly instance: Instance
  readonly registry: Registry
  readonly pages: readonly string[]
  readonly history: ReplayWindow
  readonly number: number
  /** The page knows splices of texts: one of an older protocol does not. */
  readonly texts: boolean
}

/** States that are looked through. */
const few = 16

/**
 * Bytes of the texts of which the patches of one change say some words only. Each is another text in memory, of one or two bytes a unit. Here,
 * since a function for each page or change would cost all of them.
 */
let otherTexts = 0
const withTexts: DiffOptions = {
  texts: true,
  onText: (text) => {
    otherTexts += 2 * text.length
  },
}
const withoutTexts: DiffOptions = { texts: false }

export class ChangeFeed {
  readonly history: ReplayWindow
  private readonly instance: Instance
  private readonly registry: Registry
  /** Those whose calls are answered, the page itself among them. */
  private readonly pages: readonly string[]
  /** Of its subscription. */
  private readonly number: number
  private readonly options: DiffOptions
  /** Made for the first text that grows. */
  private continued: ContinuedText | undefined
  private watched: Watched[] = []
  /** Where there are many. */
  private watchedIds: Set<string> | undefined
  private sentRevision = 0
  /** Calls up to this one have settled, as the page knows. */
  private sentDone = 0

  constructor({ instance, registry, pages, history, number, texts }: ChangeFeedParts) {
    this.instance = instance
    this.registry = registry
    this.pages = pages
    this.history = history
    this.number = number
    this.options = texts ? withTexts : withoutTexts
  }

  watch(id: string): void {
    const watched = { id, sent: undefined }
    if (this.watched.length === 0)
      this.watched = [watched] // which has room for one: most pages need no more
    else this.watched.push(watched)
    if (this.watched.length > few) this.watchedIds ??= new Set(this.watched.map(({ id }) => id))
    this.watchedIds?.add(id)
  }

  get ids(): readonly string[] {
    return this.watched.map(({ id }) => id)
  }

  get size(): number {
    return this.watched.length
  }

  watches(id: string): boolean {
    return this.watchedIds ? this.watchedIds.has(id) : this.watched.some((watched) => watched.id === id)
  }

  /** All of it. */
  welcome(): Welcome {
    for (const watched of this.watched) watched.sent = this.viewOf(watched)
    this.sentRevision = this.instance.revision
    const views = this.watched.map(({ sent }) => sent)
    const birth = this.instance.bornAs
    this.history.birth = birth
    this.record(this.history.sequence.next())
    this.continued = undefined
    return {
      type: 'welcome',
      subscription: this.number,
      birth,
      revision: this.sentRevision,
      views,
      lastCallId: this.lastCallId(),
    }
  }

  /** The page was told of another state than this one: it was lost, or another process has saved it first. */
  get isOther(): boolean {
    const { birth } = this.history
    return (birth !== undefined && birth !== this.instance.birth) || this.instance.revision < this.sentRevision
  }

  /** Forgets what the page was sent after this message, the last that it heard. Gives what it has, if its state is this one. */
  rewind(heard: number | undefined): Checkpoint | undefined {
    const mark = this.history.rewind(heard)
    return mark && mark.birth === this.instance.birth && mark.revision <= this.instance.revision ? mark : undefined
  }

  /** The difference to what the page heard last. */
  resumed({ revision, views }: Checkpoint): Resumed {
    for (const [position, watched] of this.watched.entries()) watched.sent = views[position]
    otherTexts = 0
    const patches = this.patches()
    this.sentRevision = this.instance.revision
    const to = this.sentRevision
    this.record(this.history.sequence.next(), otherTexts)
    this.continued = undefined
    return { type: 'resumed', subscription: this.number, from: revision, to, patches, lastCallId: this.lastCallId() }
  }

  /** Everything that the page has not seen, and the calls that it settles, for the message of this number; `undefined` if there is neither. */
  change(settled: readonly Settlement[], number: number): Change | undefined {
    otherTexts = 0
    const found = this.patches()
    if (found.length === 0 && settled.length === 0) return undefined
    const from = this.sentRevision
    this.sentRevision = this.instance.revision
    this.record(number, otherTexts)
    const shownUpTo = this.advanceDone(settled)
    if (found.some(isTextSplice)) this.continued ??= new ContinuedText()
    const patches = this.continued?.shorten(found) ?? found
    return { subscription: this.number, from, to: this.sentRevision, patches, settled, lastCallId: shownUpTo }
  }

  private patches(): Patch[] {
    const patches: Patch[] = []
    for (let position = 0; position < this.watched.length; position += 1) {
      const watched = this.watched[position] as Watched
      const view = this.viewOf(watched)
      if (view === watched.sent) continue
      for (const patch of diff(watched.sent, view, [position], this.options)) patches.push(patch)
      watched.sent = view
    }
    return patches
  }

  /** A state that is unknown, or is not any more, has no view. One whose first values are not saved yet stays as it was. */
  private viewOf({ id, sent }: Watched): View | undefined {
    if (!this.registry.has(id)) return undefined
    return this.instance.view(this.registry.get(id)) ?? sent
  }

  private lastCallId(): number {
    this.sentDone = this.lastEnded()
    return this.sentDone
  }

  /** Ids rise from a page to the one after it, so the last of them all says how far they have come. */
  private lastEnded(): number {
    let last = 0
    for (const page of this.pages) last = Math.max(last, lastCallId(this.instance.calls, page))
    return last
  }

  /** Advances `sentDone`. Gives it where the effect of a call is sent before it settles: the page must not draw its prediction on top of that. */
  private advanceDone(settled: readonly Settlement[]): number | undefined {
    const done = this.lastEnded()
    // a cancel settles before the calls it has overtaken
    for (const { id } of settled) if (id <= done) this.sentDone = Math.max(this.sentDone, id)
    if (done <= this.sentDone) return undefined
    this.sentDone = done
    return done
  }

  private record(number: number, texts = 0): void {
    this.history.record(number, this.sentRevision, this.watched, texts)
  }
}
