/** The status of a task as pages see it: what this process knows of its own runs, the runs of other processes, each copy, and the last result. */
import type { RunStatus, TaskStatus } from '../protocol/task-status.js'
import type { RunningTask } from '../store/store.js'
import { isUncounted, type Run } from './run-table.js'

/** `runs` are those of the task that have not finished. */
export function shownStatus(
  local: TaskStatus,
  runs: readonly Run[],
  result: { readonly value: unknown } | undefined,
): TaskStatus {
  if (runs.length === 0 && !result) return local
  const uncounted = runs.filter(isUncounted).map(({ record }) => record)
  const elsewhere = uncounted.filter(({ waits }) => waits === undefined)
  const waiting = uncounted.filter(({ waits, joins }) => waits !== undefined && !joins).length
  const last = elsewhere.at(-1)
  const { progress = null, note = null } = local.running > 0 || !last ? local : last
  const copies = copiesOf(runs, { progress, note })
  return {
    ...local,
    running: local.running + elsewhere.length,
    waiting,
    progress,
    note,
    ...(copies.length > 0 && { runs: copies }),
    ...(result && { result: result.value }),
  }
}

function copiesOf(runs: readonly Run[], of: Pick<TaskStatus, 'progress' | 'note'>): readonly RunStatus[] {
  const records = runs.map(({ record }) => record).filter(({ joins }) => !joins)
  return records.sort(inOrder).map(({ run, started = null, attempt, progress = null, note = null }) => ({
    run,
    started,
    attempt,
    ...((progress !== of.progress || note !== of.note) && { progress, note }),
  }))
}

/** The oldest first, and then the starts that wait, by their turns. */
function inOrder(a: RunningTask, b: RunningTask): number {
  const byTurn = (a.waits ?? 0) - (b.waits ?? 0)
  if (byTurn !== 0) return byTurn
  const byStart = (a.started ?? 0) - (b.started ?? 0)
  return byStart !== 0 ? byStart : a.run < b.run ? -1 : 1
}
