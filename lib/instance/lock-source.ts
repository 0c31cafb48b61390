/**
 * Names the holder of a lock. Only references are stored; the text is built when a caller has waited too long. In development
 * the line that took the lock is stored too.
 */

/** An event, the run of a task, the state that `modifyState` changes, or a block of `hub.lock`. */
export type Source =
  | { readonly definition: string; readonly member: string; readonly args?: readonly unknown[] }
  | { readonly definition: string; readonly task: string; readonly rawArgs?: readonly unknown[] }
  | { readonly modified: string }
  | 'hub.lock'

/** Undefined where the hub itself loads or saves. */
export type Holder = Source | Traced | undefined

interface Traced {
  readonly source: Source | undefined
  readonly taken: Error
}

export const development = process.env.NODE_ENV !== 'production'

/** Call it in the function that the author calls, so that the trace names the author's line. */
export const traced = (source: Source | undefined): Holder =>
  development && source !== undefined ? { source, taken: new Error('The lock was taken here.') } : source

/** The source of a holder, without the line that took the lock. */
export const sourceOf = (holder: Holder): Source | undefined =>
  typeof holder === 'object' && 'taken' in holder ? holder.source : holder

export function nameOf(holder: Holder): string {
  if (holder === undefined) return 'the hub (loading or saving)'
  if (typeof holder === 'string') return `a block of ${holder}()`
  if ('taken' in holder) return nameOf(holder.source)
  if ('modified' in holder) return `modifyState() of state "${holder.modified}"`
  return 'member' in holder
    ? `event "${holder.member}" of state "${holder.definition}"`
    : `task "${holder.task}" of state "${holder.definition}"`
}

/** The line that took the lock, if it is known. */
export const traceOf = (holder: Holder): Error | undefined =>
  typeof holder === 'object' && 'taken' in holder ? holder.taken : undefined
