/** The beginning of a tab in the simulation: first values, or a copy of another tab. */
import { require } from './require.js'
import type { Made } from './simulated-calls.js'
import { type Journal, text } from './simulated-state.js'

export interface OriginOptions {
  readonly name: string
  /** What it may have begun with. */
  origins(): readonly string[]
  /** It is no copy of another tab. */
  readonly isOriginal: boolean
}

export class Origin {
  private readonly options: OriginOptions
  private isSaved = false
  /** What it shows of its original while nothing is saved. */
  private copied: readonly number[] = []

  constructor(options: OriginOptions) {
    this.options = options
  }

  /** A duplicated tab begins with what was kept of the original at some moment, and what it showed of that is in its first save. */
  check(
    { marks: all, counts: counted }: Pick<Journal, 'marks' | 'counts'>,
    revision: number,
    made: readonly Made[],
  ): void {
    if (this.isSaved) return
    this.isSaved = revision > 0
    const { name, isOriginal } = this.options
    const mine = new Set(made.map(({ mark }) => mark)) // its own calls may have taken effect already
    const marks = all.filter((mark) => !mine.has(Math.abs(mark)))
    const begun = marks.slice(0, this.copied.length)
    require(`${begun}` === `${this.copied}`, `${name} showed ${this.copied} of its original, and has saved ${marks}`)
    if (!this.isSaved) this.copied = marks
    const counts = new Map([...(counted ?? [])].filter(([mark]) => !mine.has(mark)))
    const known = marks.length === 0 || this.options.origins().includes(text({ marks, counts }))
    if (!isOriginal || !this.isSaved)
      require(known, `${name} began with ${text({ marks: all, counts: counted })}, which its original never was`)
  }
}
