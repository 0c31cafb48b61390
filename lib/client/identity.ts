/**
 * Which token is this tab's? It is kept in sessionStorage, which a reload keeps and a duplicated tab gets a copy of. A Web
 * Lock that lives as long as the page tells the two apart: if another page holds the token's lock, this tab is a copy and
 * asks for a token of its own.
 */
import { pageLimits } from '../base/limits.js'

export interface Identity {
  /** The signed token to say hello with, if this tab has one. */
  claim(): Promise<string | undefined>
  /** The signed token of the tab of which this one is a duplicate, until something of its own is saved. */
  copyOf?(): string | undefined
  keep(token: string): void
  /** The state of this tab is saved: what it was copied from no longer matters. */
  saved?(): void
  forget(): void
}

/** The signed token of this tab, once it is sure to be no other's. */
export type CurrentToken = () => string | undefined

const storageKey = 'heldstate.token'
const originalKey = 'heldstate.copyOf'

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
    copyOf: () => attempt(() => sessionStorage.getItem(originalKey)) ?? undefined,
    saved: () => attempt(() => sessionStorage.removeItem(originalKey)),
    current: () => claimed,
    keep: (token) => {
      if (token === claimed) return
      claimed = token
      attempt(() => sessionStorage.setItem(storageKey, token))
      void lockedFor(token)
    },
    forget: () => {
      claimed = undefined
      forget()
    },
  }
}

const stored = () => attempt(() => sessionStorage.getItem(storageKey)) ?? undefined
const forget = () => attempt(() => sessionStorage.removeItem(storageKey))

/** True once this page holds the token's lock, for the rest of its life; false if another page keeps it. */
function lockedFor(token: string): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true) // not a secure context: duplicates go unnoticed
  const untilPageEnds = new Promise<never>(() => {})
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(pageLimits.claimMs)
    navigator.locks
      .request(`heldstate:${token.slice(0, 32)}`, { signal }, () => {
        resolve(true)
        return untilPageEnds
      })
      .catch(() => resolve(false))
  })
}

/** Storage can be forbidden; the page then remembers its token as long as it lives, and a reload begins anew. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
