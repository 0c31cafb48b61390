/**
 * Saves what a run has replied, together with its end: either both are there or neither, and no page is shown the result before. A run that was
 * cancelled saves none; one whose result cannot be saved has failed.
 */
import type { Json } from '../base/encode.js'
import { after, type Eventually } from '../base/eventually.js'
import { noAuthor, transactPipelined } from '../instance/transact.js'
import type { TasksCore } from './core.js'
import type { TaskRun } from './run.js'
import { errorToKeep, taskEnd } from './run-record.js'

export function saveResult(core: TasksCore, run: TaskRun, result: Json): Eventually<void> {
  const { token, id, definition, task } = run
  return after(
    transactPipelined(core, {
      token,
      guard: run.guard.blind,
      author: noAuthor,
      work: (transaction) => {
        run.isSavingResult = true
        const error = errorToKeep(core.instance(token).runs.localStatus(definition, task), run)
        transaction.finishRun({ definition, task, run: id, outcome: 'done', result }, taskEnd(run, 'done', error))
      },
      holder: run,
    }),
    (outcome) => (outcome === 'answered' ? undefined : outcome.durable),
  )
}
