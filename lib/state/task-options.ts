/** The options of a background task, read. */
import { type Duration, milliseconds } from '../base/duration.js'
import type { TaskDeclaration } from './definition.js'
import { invalid, refuseUnknown } from './invalid-definition.js'

export interface TaskOptions {
  /**
   * How many runs of this task one tab may have: any number side by side (`'many'`, the default), one (`'single'`), or one after the
   * other, with further starts waiting in order (`'queue'`).
   */
  readonly concurrency?: 'many' | 'single' | 'queue'
  /**
   * With `concurrency: 'single'`, what a start does while a run is under way. `'join'` (the default): with equal arguments it joins
   * that run, with others it fails with `already-running`. `'reject'`: it always fails. `'restart'`: it cancels that run, and begins
   * when that has ended.
   */
  readonly again?: 'join' | 'reject' | 'restart'
  /**
   * What happens when the tab disconnects: the task goes on (`'keep'`, the default), is cancelled at once (`'cancel'`), or is
   * cancelled unless the tab is back within `grace`. A reload disconnects for a moment.
   */
  readonly onDisconnect?: 'keep' | 'cancel' | { readonly grace: Duration }
  /**
   * The task survives its process. Its start is saved with the change that caused it. If the process dies, the next one, or another,
   * runs the task again from the top, with the same arguments and a higher `self.attempt`; it finds its progress in the state.
   * Attempts never write side by side. Arguments must be values that can be in state.
   */
  readonly durable?: boolean
  /**
   * How often the task runs again from the top after it has failed, and how long it waits before: a second (`wait`), doubled with each
   * failure. `3` is `{ times: 3, wait: '1s' }`. Default: no retry.
   */
  readonly retry?: number | { readonly times: number; readonly wait?: Duration }
  /** How long one attempt may take. Then it fails with `task-timeout`. Default: no limit. */
  readonly timeout?: Duration
  /**
   * In development, what happens to a run when its state module is edited: it goes on with its old code (`false`, the default), or it
   * is cancelled and started again with the same arguments.
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
    throw invalid(`${given}: requires concurrency: "single"; otherwise a start never meets a running copy`)
  return again
}

export function timeoutOf(maker: string, timeout: Duration | undefined): number | undefined {
  const ms = timeout === undefined ? undefined : milliseconds(timeout)
  if (timeout !== undefined && ms === undefined)
    throw invalid(`${maker}({ timeout: ${JSON.stringify(timeout)} }): expected a duration such as '10m'`)
  return ms
}

export function retryOf(retry: NonNullable<TaskOptions['retry']>): TaskDeclaration['retry'] {
  const { times, wait = '1s' } = typeof retry === 'object' && retry !== null ? retry : { times: retry }
  if (typeof retry === 'object' && retry !== null) refuseUnknown('retry', retry, retryOptions)
  const waitMs = milliseconds(wait)
  if (Number.isInteger(times) && times >= 0 && waitMs !== undefined) return { times, waitMs }
  throw invalid(
    `background({ retry: ${JSON.stringify(retry)} }): expected a number such as 3, or { times: 3, wait: '1s' }`,
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
