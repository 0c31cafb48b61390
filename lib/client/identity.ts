/**
 * Which token is this tab's? It is kept in sessionStorage, which a reload keeps and a duplicated tab gets a copy of. A Web
 * Lock that lives as long as the page tells the two apart: if another page holds the token's lock, this tab is a copy and
 * asks for a token of its own.
 */
import { pageLimits } from '../base/limits.js'
import { heldApp } from '../protocol/heldstate-app.js'

export interface Identity {
  /** The signed token to say hello with, if this tab has one. */
  claim(): Promise<string | undefined>
  /** True once this page holds the name of a page, for the rest of its life; false while another page holds it. */
  hold?(page: string): Promise<boolean>
  /** The signed token of the tab of which this one is a duplicate, until something of its own is saved. */
  copyOf?(): string | undefined
  keep(token: string): void
  /** The state of this tab is saved: what it was copied from no longer matters. */
  saved?(): void
  forget(): void
}

/** The signed token of this tab, once it is sure to be no other's. */
export type CurrentToken = () => string | undefined

/** Apps of one origin, each in a zone of its own, have a token each in the same tab. */
const { zone } = heldApp
const storageKey = `heldstate.token${zone}`
const originalKey = `heldstate.copyOf${zone}`

export function browserIdentity(): Identity & { readonly current: CurrentToken } {
  let claimed: string | undefined
  return {
    claim: async () => {
      const token = stored() ?? claimed
      if (!token || token === claimed) return token
      if (await lockedFor(token)) {
        claimed = token
        return token
      }
      attempt(() => sessionStorage.setItem(originalKey, token))
      forget()
      return undefined
    },
    hold: lockedFor,
    copyOf: () => attempt(() => sessionStorage.getItem(originalKey)) ?? undefined,
    saved: () => attempt(() => sessionStorage.removeItem(originalKey)),
    current: () => claimed,
    keep: (token) => {
      if (token === claimed) return
      claimed = token
      store(token)
      void lockedFor(token)
    },
    forget: () => {
      claimed = undefined
      forget()
    },
  }
}

/** Browsers deny storage to frames of other sites, and where a person forbids it. */
const isStorable = () => attempt(() => sessionStorage.getItem(storageKey)) !== undefined

const stored = () => (isStorable() ? (sessionStorage.getItem(storageKey) ?? undefined) : named())
const store = (token: string) =>
  isStorable() ? attempt(() => sessionStorage.setItem(storageKey, token)) : rename(`${nameMark}${token}`)
const forget = () => (isStorable() ? attempt(() => sessionStorage.removeItem(storageKey)) : rename(''))

/** There, a token is kept in the name of the window, which a reload keeps too. A name of the app's own stays. */
const nameMark = `heldstate${zone}:`
const page = globalThis as { name?: unknown }
const named = () => nameOf()?.slice(nameMark.length)
const nameOf = () => (typeof page.name === 'string' && page.name.startsWith(nameMark) ? page.name : undefined)
function rename(name: string): void {
  if (page.name === '' || nameOf() !== undefined) page.name = name
}

/**
 * True once this page holds the lock of a token, or of a page that has none, for the rest of its life; false if another page keeps it. Where there are no locks (the page is
 * no secure context), or the browser denies them (a frame of another site, a private window), duplicates go unnoticed.
 */
async function lockedFor(token: string): Promise<boolean> {
  let signal: AbortSignal | undefined
  try {
    signal = AbortSignal.timeout(pageLimits.claimMs)
    return await held(`heldstate:${token.slice(0, 32)}`, signal)
  } catch {
    return !signal?.aborted // any other reason is not that another page has it
  }
}

/** Keeps the lock until the page ends. */
const held = (name: string, signal: AbortSignal): Promise<true> =>
  new Promise((resolve, reject) => {
    const untilPageUnloads = new Promise<never>(() => {})
    navigator.locks
      .request(name, { signal }, () => {
        resolve(true)
        return untilPageUnloads
      })
      .catch(reject)
  })

/** Storage can be forbidden. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
