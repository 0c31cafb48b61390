/** The refusal of a run of which nothing is known. */
import { HeldStateError } from '../base/errors.js'
import { stackless } from '../base/stackless.js'
import { cut } from '../base/text.js'
import type { TaskName } from '../store/store.js'
import type { TaskRuns } from './task-runs.js'

/** Throws unless a run of the task is under way or waits, or its end is stored. */
export function refuseUnknown(runs: Pick<TaskRuns, 'has' | 'lastEnds'>, run: string, task: TaskName): void {
  const end = runs.lastEnds.of(run)
  const isEnd = end?.definition === task.definition && end.task === task.task
  if (!isEnd && !runs.has(run, task)) throw unknownRun(run, task)
}

export const unknownRun = (run: string, { definition, task }: TaskName): HeldStateError =>
  stackless(
    () =>
      new HeldStateError(
        'unknown-run',
        `Nothing is known of the run ${JSON.stringify(cut(run, 80))} of task "${task}" of state "${definition}": it does not exist, ended too long ago, or was ` +
          'lost with its server. Check the state.',
      ),
  )
