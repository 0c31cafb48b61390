/** The states that one page watches: shows those that it asks for, and tries again what cannot be saved yet. */
import type { Clock } from '../base/clock.js'
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import type { Instance } from '../instance/instance.js'
import { tooManyStates } from '../protocol/bounds.js'
import type { Registry } from '../state/registry.js'
import type { ChangeFeed } from './change-feed.js'

export interface WatchingCore {
  readonly clock: Clock
  readonly limits: Limits
  readonly registry: Registry
  /** Brings a state of an instance to the shape that its definition has now. */
  materialize(instance: Instance, id: string): Eventually<void>
}

export class Watching {
  private readonly core: WatchingCore
  private readonly instance: Instance
  private readonly feed: ChangeFeed
  private readonly subscription: { changed(): void }
  /** Take back what is to be tried again. */
  private retries: (() => void)[] | undefined
  private isClosed = false
  /** Of the states that it asked for, those that nobody has declared. */
  private unknown = 0

  /** Calls `subscription.changed` when there is something new to show. */
  constructor(core: WatchingCore, instance: Instance, feed: ChangeFeed, subscription: { changed(): void }) {
    this.core = core
    this.instance = instance
    this.feed = feed
    this.subscription = subscription
  }

  /** Throws or rejects if the page may not watch it. */
  add(id: string, position = this.feed.size): Eventually<void> {
    const { watchedStates } = this.core.limits
    if (position !== this.feed.size) throw outOfOrder()
    if (this.feed.watches(id))
      throw new HeldStateError(
        'invalid-message',
        `This tab already watches the state ${JSON.stringify(id.slice(0, 80))}.`,
      )
    if (this.feed.size >= watchedStates) throw tooManyStates(watchedStates)
    if (this.asksTooMuch && !this.core.registry.has(id)) throw tooManyUnknown()
    this.feed.watch(id)
    return this.materialize(id)
  }

  /** It has asked for more states that nobody has declared than a page of an older version of the app does. */
  get asksTooMuch(): boolean {
    return this.unknown > crowdLimits.unknownStates
  }

  /** Definitions are others now: shows what they make of the watched states. */
  redefined(refuse: (error: unknown) => void): void {
    for (const id of this.feed.ids) if (this.core.registry.has(id)) void rescued(() => this.materialize(id), refuse)
  }

  close(): void {
    this.isClosed = true
    for (const cancel of this.retries ?? []) cancel()
    this.retries = undefined
  }

  /** Shows a state. What an older version left may have to be saved; where that fails, it is tried again as long as the page is here. */
  private materialize(id: string, waitMs: number = processLimits.saveAgainMs): Eventually<void> {
    const again = () =>
      void rescued(
        () => this.materialize(id, Math.min(waitMs * 2, processLimits.saveAgainLongestMs)),
        () => {},
      )
    return rescued(
      () => after(this.core.materialize(this.instance, id), () => this.subscription.changed()),
      (error) => {
        const code = isHeldStateError(error) ? error.code : undefined
        if (code === 'unknown-definition') this.unknown += 1
        if (code === 'save-failed' && !this.isClosed) {
          this.retries ??= []
          this.retries.push(this.core.clock.after(waitMs, again))
        }
        throw error
      },
    )
  }
}

/** One before it was refused, and would be missing. */
const outOfOrder = () =>
  new HeldStateError('inbox-full', 'A state that was requested before this one was rejected. Request both again.')

export const tooManyUnknown = () =>
  new HeldStateError(
    'too-many-states',
    `This tab watches more than ${crowdLimits.unknownStates} undeclared states. Reload the page.`,
  )
