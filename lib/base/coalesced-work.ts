/** Work by key, one at a time: those that ask for it while it is under way share one more that begins when it is done. */

interface Work {
  readonly now: Promise<void>
  next: Promise<void> | undefined
}

const ignore = () => {}

export class CoalescedWork {
  private readonly works = new Map<string, Work>()

  run(key: string, work: () => Promise<void>): Promise<void> {
    const known = this.works.get(key)
    if (!known) return this.begin(key, work)
    known.next ??= known.now.then(ignore, ignore).then(() => this.begin(key, work))
    return known.next
  }

  private begin(key: string, work: () => Promise<void>): Promise<void> {
    const now = work()
    const begun: Work = { now, next: undefined }
    this.works.set(key, begun)
    const end = () => {
      if (this.works.get(key) === begun) this.works.delete(key)
    }
    now.then(end, end)
    return now
  }
}
