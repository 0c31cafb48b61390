/** A run as an entry of the saved list of runs, as it ends there, and as it is compared and tried again. */
import type { Failure } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'
import type { NewEnd } from '../instance/run-ends.js'
import type { TaskStatus } from '../protocol/task-status.js'
import type { TaskDeclaration } from '../state/definition.js'
import type { RunningTask, TaskEnd, TaskName } from '../store/store.js'
import type { TaskRun } from './run.js'

export function recordOf({ spec, progress, note }: TaskRun, node: string): RunningTask {
  const { definition, task, id, attempt, durable, same, started, parent } = spec
  return {
    definition,
    task,
    run: id,
    node,
    attempt,
    durable,
    progress,
    note,
    started,
    ...(same !== undefined && { same }),
    ...(parent !== undefined && { parent }),
  }
}

/** The end of a run that is not running any more. */
export function runEndOf({ definition, task, id, phase, failure }: TaskRun): NewEnd {
  const names = { definition, task, run: id }
  if (failure) return { ...names, outcome: 'failed', failure }
  return { ...names, outcome: phase.name === 'done' ? 'done' : 'cancelled' }
}

/** What becomes of a task whose run has finished, as `outcome`: with several copies, it has failed once one has. */
export const taskEnd = (
  { definition, task }: TaskName,
  outcome: 'done' | 'cancelled',
  error: Failure | null,
): TaskEnd => ({ definition, task, ...(error ? { outcome: 'failed', failure: error } : { outcome }) })

export const isSameStatus = (a: TaskStatus, b: TaskStatus): boolean =>
  a.running === b.running &&
  a.progress === b.progress &&
  a.note === b.note &&
  a.error === b.error &&
  a.outcome === b.outcome

/** Whether the run has stopped here because another process has its state: it may go on there. */
export const isTakenOver = ({ phase }: TaskRun): boolean =>
  (phase.name === 'cancelled' || phase.name === 'failed') && phase.reason.code === 'stale-write'

/** Milliseconds before the attempt that follows this many failures and one more. */
export const pauseOf = ({ retry: { waitMs } }: TaskDeclaration, failures: number): number =>
  Math.min(waitMs * 2 ** failures, processLimits.retryLongestWaitMs)

/** The error of another copy stays when a run finishes. The errors of the run's own attempts do not. */
export const errorToKeep = ({ error }: TaskStatus, { spec }: TaskRun): Failure | null =>
  spec.failures > 0 ? null : error
