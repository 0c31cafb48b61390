/** The lists of runs and of ends as the store has them. */
import type { RunningTask, Stored, TaskName } from '../store/store.js'

export type SavedTasks = Pick<Stored, 'running' | 'ended' | 'runEnds'>

export class StoredRuns {
  running: SavedTasks['running'] = none
  ended: SavedTasks['ended'] = none
  /** Ids of `running`. Undefined until needed. */
  private ids: ReadonlySet<string> | undefined

  set({ running, ended }: SavedTasks): void {
    if (running !== this.running) this.ids = undefined
    this.running = running
    this.ended = ended
  }

  has(id: string): boolean {
    this.ids ??= new Set(this.running.map(({ run }) => run))
    return this.ids.has(id)
  }

  /** The runs of a task, or all, in all processes. */
  of(task: TaskName | undefined): readonly RunningTask[] {
    if (!task) return this.running
    return this.running.filter((record) => isSameTask(record, task))
  }
}

const none: readonly never[] = []

export const isSameTask = (a: TaskName, b: TaskName): boolean => a.definition === b.definition && a.task === b.task
