/** The subscriptions of pages that show an instance. */
import type { Clock } from '../base/clock.js'
import { after, type Eventually } from '../base/eventually.js'
import { handlerLimits } from '../base/server-limits.js'

/** Is notified of changes and shows them: the subscription of a page. */
export interface Watcher {
  /** When it last sent a change, in milliseconds of the clock. */
  readonly sentAt: number
  changed(): void
  /** Sends unsent changes at the end of this turn. Returns whether there are any. */
  hurry(): boolean
  /** In development, shows an error that belongs to no call. */
  showInDevelopment(error: unknown): void
  /** Its page makes another connection. */
  closeConnection(): void
}

const none: readonly never[] = []

export class Watchers implements Iterable<Watcher> {
  /** Most tabs have one page, which needs no Set. */
  private all: readonly Watcher[] = none
  /** When `hurryAtTimes` may send again. */
  private hurryAt = 0
  private readonly clock: Pick<Clock, 'now' | 'turn'>

  constructor(clock: Pick<Clock, 'now' | 'turn'>) {
    this.clock = clock
  }

  get size(): number {
    return this.all.length
  }

  [Symbol.iterator](): Iterator<Watcher> {
    return this.all[Symbol.iterator]()
  }

  add(watcher: Watcher): void {
    this.all = [...this.all, watcher]
  }

  delete(watcher: Watcher): void {
    this.all = this.all.filter((known) => known !== watcher)
  }

  /** The state, or the status of a task, is another one. */
  changed(): void {
    for (const watcher of this.all) watcher.changed()
  }

  /** Shows an error that no caller receives: in development, on the pages. */
  showInDevelopment(error: unknown): void {
    for (const watcher of this.all) watcher.showInDevelopment(error)
  }

  /** Sends changes to the pages before the running code goes on. */
  hurry(): Eventually<void> {
    let waits = false
    for (const watcher of this.all) if (watcher.hurry()) waits = true
    if (waits) return new Promise((resolve) => this.clock.turn(resolve))
  }

  /** The same as `hurry` after one of many changes: once in `frameMs` milliseconds, and in a busy process for `hurryShare` of the time. */
  hurryAtTimes(frameMs: number): Eventually<void> {
    const { clock } = this
    const now = clock.now()
    if (now < this.hurryAt) return
    for (const { sentAt } of this.all) if (now - sentAt < frameMs) return // it saw something just now
    this.hurryAt = now + frameMs
    return after(this.hurry(), () => {
      const waited = clock.now() - now
      if (waited > frameMs) this.hurryAt = now + waited / handlerLimits.hurryShare
    })
  }
}
