/** A start as an entry of the saved list of runs. */
import type { RunningTask } from '../store/store.js'
import { sameOf } from './start-policy.js'
import type { SavedRun, TaskStart } from './task-start.js'

export function startRecord(start: TaskStart & { readonly saved: SavedRun }, node: string): RunningTask {
  const { definition, task, saved, parent } = start
  const { run, attempt, durable, waits, joins, started } = saved
  const same = sameOf(start)
  return {
    definition,
    task,
    run,
    node,
    attempt,
    durable,
    ...(parent !== undefined && { parent }),
    ...(started !== undefined && { started }),
    ...(same !== undefined && { same }),
    ...(waits !== undefined && { waits }),
    ...(joins && { joins }),
  }
}
