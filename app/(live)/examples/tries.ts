/**
 * What a visitor did to an example while it had something to lose, and whether it is still there. What happens between two pages, or two
 * processes of the server, is known from the session storage of the tab.
 */
export type Try = 'reload' | 'line' | 'kill'

export interface Seen {
  readonly done: readonly Try[]
  /** Whether there was something to lose when it was looked at last. */
  readonly busy: boolean
  /** The process that served the page then, and the page. */
  readonly process: string
  readonly page: number
  /** The line was lost since. */
  readonly isLost: boolean
}

export interface Now {
  readonly busy: boolean
  /** What there was to lose is there, or has ended well. */
  readonly kept: boolean
  readonly process: string
  readonly page: number
  /** The page was loaded by a reload. */
  readonly isReload: boolean
}

export const nothingSeen: Seen = { done: [], busy: false, process: '', page: 0, isLost: false }

/** What has been seen, once the page is live. */
export function look(seen: Seen, now: Now): Seen {
  const isOther = seen.process !== now.process
  const happened: Try[] = []
  if (seen.busy && now.kept) {
    if (isOther) happened.push('kill')
    if (seen.page !== now.page && now.isReload) happened.push('reload')
    if (seen.isLost && !isOther && seen.page === now.page) happened.push('line')
  }
  const done = [...new Set([...seen.done, ...happened])]
  return { done, busy: now.busy, process: now.process, page: now.page, isLost: false }
}
