/** What becomes of running tasks after an edit of their state modules, in development. */
import type { Log } from '../base/log.js'
import type { ServerDefinition } from '../state/define.js'
import type { TaskRun } from './run.js'

/** The runs that their author wants to be started again. The log names the others, which go on with the code that they began with. */
export function toRestart(
  runs: Iterable<TaskRun>,
  edited: ReadonlyMap<string, ServerDefinition>,
  log: Log,
): readonly TaskRun[] {
  const affected = [...runs].filter(({ isRunning, definition }) => isRunning && edited.has(definition))
  const isMeant = ({ definition, task }: TaskRun) =>
    edited.get(definition)?.members.tasks.get(task)?.restartOnEdit === true
  const tabs = new Map<string, Set<string>>()
  for (const run of affected.filter((one) => !isMeant(one))) {
    const name = `Task "${run.task}" of state "${run.definition}"`
    tabs.set(name, (tabs.get(name) ?? new Set()).add(run.token))
  }
  for (const [name, { size }] of tabs)
    log.info(
      `${name} goes on with its code from before the edit, in ${size} ${size === 1 ? 'tab' : 'tabs'}. Stop it and start it again, or declare it with restartOnEdit: true.`,
    )
  return affected.filter(isMeant)
}
