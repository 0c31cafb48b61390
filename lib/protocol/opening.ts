/** What a page wants to be sent of the state of one address. */
import type { Limits } from '../base/limits.js'
import { count, isName, malformed, name } from './reading.js'

export interface Opening {
  /** Of the subscription: rises with each that a page opens, and is never used again. That of the tab itself is 0. */
  readonly number: number
  readonly address: string
  /** Ids of the states that the page watches there, in an order that deltas refer to by position. */
  readonly watch: readonly string[]
  /** The page watches more states than the bound: those behind it are left out. */
  readonly leavesOut: boolean
  /** The revision of the state when the page was first shown it; 0 if it was not shown it, or does not say. */
  readonly began: number
}

export function opening([number, address, watch, began = 0]: readonly unknown[], limits: Limits): Opening {
  if (!Array.isArray(watch)) throw malformed('expected a list of state ids')
  const watched = watch.slice(0, limits.watchedStates)
  if (!watched.every(isName)) throw malformed('expected a list of state ids')
  if (new Set(watched).size < watched.length) throw malformed('expected each state to be watched once')
  return {
    number: count(number, 'the number of a subscription'),
    address: name(address, 'address'),
    watch: watched,
    leavesOut: watched.length < watch.length,
    began: count(began, 'the revision at which a page began'),
  }
}
