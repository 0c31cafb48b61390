/** The statuses of one token's tasks as this process knows them. Counts cover local runs only: `TaskRuns` adds the rest. */
import type { Failure } from '../base/errors.js'
import { ownValue } from '../base/value.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import type { TaskEnd, TaskName } from '../store/store.js'
import { sameList } from './same-list.js'
import { isSameTask } from './stored-runs.js'

/** The instance of the token. */
export interface StatusOwner {
  /** The statuses of tasks of a definition may have changed. */
  statusChanged(definition: string): void
}

export class TaskStatuses {
  private readonly owner: StatusOwner
  /** By definition, then by task. Undefined until the token has a task, to keep tokens without tasks small. */
  private byDefinition: Map<string, Readonly<Record<string, TaskStatus>>> | undefined
  /** Built on demand; undefined after a change of an outcome. */
  private lastToStore: readonly TaskEnd[] | undefined
  private comparedWith: readonly TaskEnd[] | undefined

  constructor(owner: StatusOwner) {
    this.owner = owner
  }

  of(definition: string, task: string): TaskStatus {
    const statuses = this.byDefinition?.get(definition)
    return (statuses && ownValue(statuses, task)) ?? idle
  }

  set(definition: string, task: string, status: TaskStatus): void {
    const { error, outcome } = this.of(definition, task)
    if (error !== status.error || outcome !== status.outcome) this.lastToStore = undefined
    this.byDefinition ??= new Map()
    this.byDefinition.set(definition, { ...this.byDefinition.get(definition), [task]: status })
    this.owner.statusChanged(definition)
  }

  /** A task has finished like this, as its last run has. */
  finish({ definition, task, outcome, failure }: TaskEnd): void {
    this.set(definition, task, { ...this.of(definition, task), outcome, error: failure ?? null })
  }

  /**
   * Shows how tasks have finished, as stored, except where this process knows better: a run is here, or its end is among the `unsaved` ones. Of a store that
   * is `shared`, ends that it does not have any more are not shown either.
   */
  showStored(ended: readonly TaskEnd[], unsaved: readonly TaskName[], shared: boolean): void {
    const isOlder = ({ definition, task }: TaskName) =>
      this.of(definition, task).running > 0 || unsaved.some((run) => isSameTask(run, { definition, task }))
    for (const end of ended) {
      const { definition, task, outcome, failure = null } = end
      if (!isOlder(end)) this.set(definition, task, { ...idle, outcome, error: failure })
    }
    if (!shared) return
    for (const end of this.endsToStore(ended))
      if (!isOlder(end) && !ended.some((stored) => isSameTask(stored, end))) this.set(end.definition, end.task, idle)
  }

  /** The list of task ends to save. Returns `stored` itself if both lists say the same, so that nothing is written. */
  endsToStore(stored: readonly TaskEnd[]): readonly TaskEnd[] {
    if (this.lastToStore && this.comparedWith === stored) return this.lastToStore
    const ends: TaskEnd[] = []
    for (const [definition, statuses] of this.byDefinition ?? [])
      for (const [task, { outcome, error }] of Object.entries(statuses))
        if (outcome) ends.push({ definition, task, outcome, ...(error && { failure: error }) })
    this.comparedWith = stored
    this.lastToStore = sameList(stored, ends, isSameEnd)
    return this.lastToStore
  }
}

const isSameEnd = (a: TaskEnd, b: TaskEnd) =>
  a.definition === b.definition && a.task === b.task && a.outcome === b.outcome && a.failure === b.failure

/** The status of a task whose process has died. */
export const interrupted = (task: string): TaskStatus => ({ ...idle, outcome: 'failed', error: interruption(task) })

const interruption = (task: string): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was interrupted: the server stopped while it ran. Changes saved before that are kept.`,
})
