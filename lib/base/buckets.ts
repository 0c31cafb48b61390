/**
 * Token buckets by key, to bound how often something may happen: `burst` times at once, and `perSecond` times a second after
 * that. The memory for keys is bounded too: keys that come when all places are taken share one bucket.
 */
import type { Clock } from './clock.js'
import { processLimits } from './server-limits.js'

export interface Rate {
  /** What a bucket gains in a second. */
  readonly perSecond: number
  /** What a full bucket holds. */
  readonly burst: number
}

interface Bucket {
  level: number
  /** When `level` was right, in milliseconds of the clock. */
  at: number
}

const overflow = ''

/** Sums of fractions are a little off. */
const rounding = 1e-6

export class Buckets {
  private readonly clock: Pick<Clock, 'now'>
  private readonly rate: Rate
  /** In the order of their last use. */
  private readonly buckets = new Map<string, Bucket>()

  constructor(clock: Pick<Clock, 'now'>, rate: Rate) {
    this.clock = clock
    this.rate = rate
  }

  /** Takes `amount` out of the bucket of `key`. Gives 0, or in how many milliseconds the bucket holds that much; then nothing was taken. */
  take(key: string, amount = 1): number {
    const { perSecond } = this.rate
    const bucket = this.bucketOf(key)
    if (bucket.level >= amount - rounding) {
      bucket.level -= amount
      return 0
    }
    return Math.ceil(((amount - bucket.level - rounding) / perSecond) * 1000)
  }

  /** Keys with a bucket of their own. */
  get size(): number {
    return this.buckets.size
  }

  private bucketOf(key: string): Bucket {
    const now = this.clock.now()
    const known = this.buckets.get(key)
    if (!known && key !== overflow && !this.makeRoom(now)) return this.bucketOf(overflow)
    const bucket = known ?? { level: this.rate.burst, at: now }
    bucket.level = this.levelAt(bucket, now)
    bucket.at = now
    this.buckets.delete(key)
    this.buckets.set(key, bucket)
    return bucket
  }

  private levelAt({ level, at }: Bucket, now: number): number {
    return Math.min(this.rate.burst, level + (Math.max(0, now - at) / 1000) * this.rate.perSecond)
  }

  /** A full bucket is as good as none. The one that was used last longest ago fills first. */
  private makeRoom(now: number): boolean {
    for (const [key, bucket] of this.buckets) {
      if (this.levelAt(bucket, now) < this.rate.burst) break
      this.buckets.delete(key)
    }
    return this.buckets.size < processLimits.buckets
  }
}
