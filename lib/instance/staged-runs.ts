/** The changes to the list of runs that a transaction has made, for its next save. */
import type { RunningTask, TaskEnd } from '../store/store.js'
import type { NewEnd } from './run-ends.js'

/** As they are saved. */
export interface RunChanges {
  readonly added: readonly RunningTask[]
  /** Ids of runs. */
  readonly removed: ReadonlySet<string>
  readonly finished?: readonly NewEnd[]
  /** What has become of the tasks of these. */
  readonly tasks?: readonly TaskEnd[]
}

export const unchangedRuns: RunChanges = { added: [], removed: new Set() }

/** Whether the state has to be saved for them, even where nothing of it ever was. */
export const areKept = ({ added, finished = [] }: RunChanges): boolean => added.length > 0 || finished.length > 0

export class StagedRuns implements RunChanges {
  readonly added: RunningTask[] = []
  readonly removed = new Set<string>()
  readonly finished: NewEnd[] = []
  readonly tasks: TaskEnd[] = []

  finish(end: NewEnd, task: TaskEnd | undefined): void {
    this.finished.push(end)
    if (task) this.tasks.push(task)
  }

  /** As they are now: more may be staged while these are saved. */
  get copy(): RunChanges {
    return {
      added: [...this.added],
      removed: new Set(this.removed),
      finished: [...this.finished],
      tasks: [...this.tasks],
    }
  }
}
