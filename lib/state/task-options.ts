/** The options of a background task, read. */
import { type Duration, milliseconds } from '../base/duration.js'
import type { TaskDeclaration } from './definition.js'
import { invalid, refuseUnknown } from './invalid-definition.js'

export interface TaskOptions {
  /**
   * Of one tab, `'many'` (the default) lets copies run side by side, `'single'` one alone, and `'queue'` one after the other: further
   * starts wait in order.
   */
  readonly concurrency?: 'many' | 'single' | 'queue'
  /**
   * With `concurrency: 'single'`, what a start does while a run is under way: with equal arguments it joins that run, with others it
   * fails with `already-running` (`'join'`, the default); it always fails (`'reject'`); or it cancels that run, and begins when
   * that has ended (`'restart'`).
   */
  readonly again?: 'join' | 'reject' | 'restart'
  /**
   * What becomes of it when its tab has gone: it goes on (`'keep'`, the default), is cancelled at once, or after a grace in
   * which the tab may come back. A reload, too, is gone for a moment.
   */
  readonly onDisconnect?: 'keep' | 'cancel' | { readonly grace: Duration }
  /**
   * Its start is saved with the change that brought it about, and it goes on when its process ends: the next one, or another,
   * runs it again from the top with the same arguments and `self.attempt` counted up. Runs of one start never write side by
   * side. What it finds in the state is where it goes on. Its arguments must be values that may live in state.
   */
  readonly durable?: boolean
  /**
   * How often it is run again from the top after it failed, and how long that waits: a second (`wait`), doubled with each
   * failure. `3` is `{ times: 3, wait: '1s' }`. Default: not at all.
   */
  readonly retry?: number | { readonly times: number; readonly wait?: Duration }
  /** How long one attempt may take; then it fails with `task-timeout`. Default: for ever. */
  readonly timeout?: Duration
  /**
   * What becomes of it in development when its state module is edited: the code that it began with runs to its end (`false`,
   * the default), or it is cancelled and started again with the same arguments.
   */
  readonly restartOnEdit?: boolean
}

const retryOptions = new Set(['times', 'wait'])
const graceOptions = new Set(['grace'])
export const taskOptions = new Set([
  'input',
  'concurrency',
  'again',
  'onDisconnect',
  'durable',
  'retry',
  'timeout',
  'restartOnEdit',
])

export function againOf(again: TaskOptions['again'], concurrency: string): TaskDeclaration['again'] {
  if (again === undefined) return 'join'
  const given = `background({ again: ${JSON.stringify(again)} })`
  if (again !== 'join' && again !== 'reject' && again !== 'restart')
    throw invalid(`${given}: expected "join", "reject" or "restart"`)
  if (concurrency !== 'single')
    throw invalid(
      `${given}: goes with concurrency: "single", since here no start meets a run that it could join or end`,
    )
  return again
}

export function timeoutOf(maker: string, timeout: Duration | undefined): number | undefined {
  const ms = timeout === undefined ? undefined : milliseconds(timeout)
  if (timeout !== undefined && ms === undefined)
    throw invalid(`${maker}({ timeout: ${JSON.stringify(timeout)} }): expected a span of time, as '10m'`)
  return ms
}

export function retryOf(retry: NonNullable<TaskOptions['retry']>): TaskDeclaration['retry'] {
  const { times, wait = '1s' } = typeof retry === 'object' && retry !== null ? retry : { times: retry }
  if (typeof retry === 'object' && retry !== null) refuseUnknown('retry', retry, retryOptions)
  const waitMs = milliseconds(wait)
  if (Number.isInteger(times) && times >= 0 && waitMs !== undefined) return { times, waitMs }
  throw invalid(
    `background({ retry: ${JSON.stringify(retry)} }): expected how often, as 3, or { times: 3, wait: '1s' }`,
  )
}

export function aloneOf(onDisconnect: NonNullable<TaskOptions['onDisconnect']>): number | undefined {
  if (onDisconnect === 'keep') return undefined
  if (typeof onDisconnect === 'object' && onDisconnect !== null)
    refuseUnknown('onDisconnect', onDisconnect, graceOptions)
  const ms = onDisconnect === 'cancel' ? 0 : milliseconds(onDisconnect?.grace)
  if (ms !== undefined) return ms
  throw invalid(
    `background({ onDisconnect: ${JSON.stringify(onDisconnect)} }): expected "keep", "cancel" or { grace: '30s' }`,
  )
}
