/**
 * Requests that a test plays, without Next. The code under test and the kit may hold copies of this library, as runners of tests make
 * them; they share the process and meet here.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface CallingTab {
  readonly token: string
  readonly mark: string
  /** The id of its browser. */
  readonly browser: string
  /** It is only loaded, as a document; what loads must change nothing. */
  readonly loads?: boolean
}

const key = Symbol.for('heldstate.played')
const process = globalThis as { [key]?: AsyncLocalStorage<CallingTab | undefined> }

/** Runs `work`, and all that it begins, as what a request of this tab does. */
export function playRequest<T>(tab: CallingTab | undefined, work: () => T): T {
  process[key] ??= new AsyncLocalStorage()
  return process[key].run(tab, work)
}

/** `undefined` where no request is played, as in every app. */
export const playedTab = (): CallingTab | undefined => process[key]?.getStore()
