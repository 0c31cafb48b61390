/** What is under way and shall not be cut off: events, blocks, saves. `close()` waits for it, within a bound. */
import type { Clock } from '../base/clock.js'
import { type Eventually, isPromise } from '../base/eventually.js'

export class Working {
  private readonly works = new Set<Promise<unknown>>()

  track<T>(work: Eventually<T>): Eventually<T> {
    if (!isPromise(work)) return work
    this.works.add(work)
    const ended = () => void this.works.delete(work)
    work.then(ended, ended)
    return work
  }

  /** Resolves when all of it has ended, and what that has begun; with how many have not after `boundMs`. */
  async ended(clock: Clock, boundMs: number): Promise<number> {
    let late = false
    let cancelTimer = () => {}
    const bound = new Promise<void>((resolve) => {
      cancelTimer = clock.after(boundMs, () => {
        late = true
        resolve()
      })
    })
    while (this.works.size > 0 && !late) await Promise.race([Promise.allSettled([...this.works]), bound])
    cancelTimer()
    return this.works.size
  }
}
