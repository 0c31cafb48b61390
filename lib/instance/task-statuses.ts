/** The statuses of one token's tasks as this process knows them. Counts cover local runs only: `TaskRuns` adds the rest. */
import type { Failure } from '../base/errors.js'
import { ownValue } from '../base/value.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import type { TaskEnd } from '../store/store.js'
import { sameList } from './same-list.js'

export class TaskStatuses {
  private readonly onChanged: (definition: string) => void
  /** By definition, then by task. Undefined until the token has a task, to keep tokens without tasks small. */
  private byDefinition: Map<string, Readonly<Record<string, TaskStatus>>> | undefined
  /** Built on demand; undefined after a change of an outcome. */
  private endList: readonly TaskEnd[] | undefined
  private comparedWith: readonly TaskEnd[] | undefined

  constructor(onChanged: (definition: string) => void) {
    this.onChanged = onChanged
  }

  of(definition: string, task: string): TaskStatus {
    const statuses = this.byDefinition?.get(definition)
    return (statuses && ownValue(statuses, task)) ?? idle
  }

  set(definition: string, task: string, status: TaskStatus): void {
    const { error, outcome } = this.of(definition, task)
    if (error !== status.error || outcome !== status.outcome) this.endList = undefined
    this.byDefinition ??= new Map()
    this.byDefinition.set(definition, { ...this.byDefinition.get(definition), [task]: status })
    this.onChanged(definition)
  }

  /** The list of task ends to save. Returns `stored` itself if both lists say the same, so that nothing is written. */
  ends(stored: readonly TaskEnd[]): readonly TaskEnd[] {
    if (this.endList && this.comparedWith === stored) return this.endList
    const ends: TaskEnd[] = []
    for (const [definition, statuses] of this.byDefinition ?? [])
      for (const [task, { outcome, error }] of Object.entries(statuses))
        if (outcome) ends.push({ definition, task, outcome, ...(error && { failure: error }) })
    this.comparedWith = stored
    this.endList = sameList(stored, ends, isSameEnd)
    return this.endList
  }
}

const isSameEnd = (a: TaskEnd, b: TaskEnd) =>
  a.definition === b.definition && a.task === b.task && a.outcome === b.outcome && a.failure === b.failure

/** The status of a task whose process has died. */
export const interrupted = (task: string): TaskStatus => ({ ...idle, outcome: 'failed', error: interruption(task) })

const interruption = (task: string): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was interrupted: the server ended while it ran. What it had saved until then is kept.`,
})
