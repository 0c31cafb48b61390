/** Where a page keeps the calls that have not settled, for the page that comes after it in the same tab. */
import { heldApp } from '../protocol/heldstate-app.js'

export interface CallStorage {
  /** What was kept last; `undefined` if nothing was, or nothing can be. */
  read(): string | undefined
  /** Whether it is kept. */
  write(text: string): boolean
  clear(): void
}

/** Nothing outlives the page. */
export const noStorage: CallStorage = { read: () => undefined, write: () => false, clear: () => {} }

/** In sessionStorage, which a reload keeps and a duplicated tab gets a copy of. It can be full, and denied. */
export function browserCallStorage(): CallStorage {
  const key = `heldstate.calls${heldApp.zone}`
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run()
    } catch {
      return undefined
    }
  }
  return {
    read: () => attempt(() => sessionStorage.getItem(key)) ?? undefined,
    write: (text) =>
      attempt(() => {
        sessionStorage.setItem(key, text)
        return true
      }) === true,
    clear: () => void attempt(() => sessionStorage.removeItem(key)),
  }
}
