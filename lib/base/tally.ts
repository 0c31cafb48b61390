/** Counts by key. A key that counts nothing has no entry. */
export class Tally {
  private readonly counts = new Map<string, number>()

  of(key: string): number {
    return this.counts.get(key) ?? 0
  }

  add(key: string | undefined, by: number): void {
    if (key === undefined) return
    const count = this.of(key) + by
    if (count > 0) this.counts.set(key, count)
    else this.counts.delete(key)
  }

  get size(): number {
    return this.counts.size
  }
}
