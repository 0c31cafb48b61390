'use client'
/** What this tab has done to itself and to its server, kept in `sessionStorage` so that a reload does not forget it. */

export interface Line {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly text: string
  /** The numbers of the first and the last click of a line of clicks. */
  readonly clicks?: readonly [first: number, last: number]
}

export interface Kept {
  /** Names this tab among those of the browser. */
  readonly tab: string
  /** How many clicks the page has made: the number of the last one. */
  readonly made: number
  /** How many of them it was told will not take effect. */
  readonly refused: number
  /** The process that served this tab last. */
  readonly pid: number
  /** When this page hurt its server last, in milliseconds since the epoch. */
  readonly hurtAt: number
  /** Newest last. */
  readonly lines: readonly Line[]
  /** A run of everything: when it began, how many of its acts and of its kills are done, and the clicks before it. */
  readonly run: { readonly began: number; readonly acts: number; readonly kills: number; readonly from: number } | null
  readonly report: string
}

const key = 'heldstate-torture'
const longest = 60
const nothing: Kept = { tab: '', made: 0, refused: 0, pid: 0, hurtAt: 0, lines: [], run: null, report: '' }

class Ledger {
  private kept: Kept | undefined
  private readonly listeners = new Set<() => void>()
  /** Where there is no storage, it lasts as long as the page. */
  private storage: Storage | undefined

  readonly get = (): Kept => (this.kept ??= this.read())

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  change(change: Partial<Kept>): void {
    this.kept = { ...this.get(), ...change }
    try {
      this.storage?.setItem(key, JSON.stringify(this.kept))
    } catch {
      // a full storage forgets at a reload, and nothing else
    }
    for (const listener of this.listeners) listener()
  }

  /** Adds a line; one that says the same as the last takes its place. */
  say(text: string): void {
    const { lines } = this.get()
    const earlier = lines.at(-1)?.text === text ? lines.slice(0, -1) : lines
    this.change({ lines: [...earlier, { at: Date.now(), text }].slice(-longest) })
  }

  /** Adds a click that somebody made; clicks that follow each other share a line. */
  clicked(number: number): void {
    const { lines } = this.get()
    const [first, last] = lines.at(-1)?.clicks ?? []
    const follows = first !== undefined && last === number - 1
    const clicks = [follows ? first : number, number] as const
    const times = clicks[1] - clicks[0] + 1
    const text = times === 1 ? `+1: click ${number}.` : `+1, ${times} times: clicks ${clicks[0]} to ${number}.`
    this.change({
      lines: [...(follows ? lines.slice(0, -1) : lines), { at: Date.now(), text, clicks }].slice(-longest),
    })
  }

  private read(): Kept {
    try {
      this.storage = sessionStorage
      const text = this.storage.getItem(key)
      if (text) return { ...nothing, ...(JSON.parse(text) as Partial<Kept>) }
    } catch {
      // blocked, or not ours
    }
    return { ...nothing, tab: Math.random().toString(36).slice(2) }
  }
}

export const ledger = new Ledger()
export const noLedger = (): Kept => nothing
