/** The runs of one token by id, each in one state: here, in another process, without a process, or finished and not saved as such. */
import type { RunningTask } from '../store/store.js'

/** A run, or a start that waits: `record.waits` is its turn, and it has one wherever it is. */
export type Run =
  /** In this process. It may write. */
  | { readonly at: 'here'; readonly record: RunningTask }
  /** In the process `record.node`. */
  | { readonly at: 'elsewhere'; readonly record: RunningTask }
  /** Durable, and its process has died. The owner of the token adopts it. */
  | { readonly at: 'orphaned'; readonly record: RunningTask }
  /** Finished in this process. The stored list still has it. */
  | { readonly at: 'finished'; readonly record: RunningTask; readonly unsaved: true }

export const isHere = ({ at }: Run): boolean => at === 'here'

/** Has not finished. */
export const isOpen = ({ at }: Run): boolean => at !== 'finished'

export const isRemote = ({ at }: Run): boolean => at === 'elsewhere' || at === 'orphaned'

/** Counted in no local status: a remote run, or a start that waits. */
export const isUncounted = (run: Run): boolean => isRemote(run) || (isHere(run) && run.record.waits !== undefined)

export class RunTable {
  /** Undefined until the token has a run, so that tokens without tasks stay small. */
  private runs: Map<string, Run> | undefined
  /** The number of runs for which `isUncounted`. Zero lets the status of a task be read without a look at all its copies. */
  uncounted = 0

  get isEmpty(): boolean {
    return !this.runs || this.runs.size === 0
  }

  get(id: string): Run | undefined {
    return this.runs?.get(id)
  }

  /** Adds a run, or replaces it and makes it the last one. */
  put(run: Run): void {
    this.delete(run.record.run)
    this.runs ??= new Map()
    this.runs.set(run.record.run, run)
    if (isUncounted(run)) this.uncounted += 1
  }

  delete(id: string): void {
    const run = this.get(id)
    if (!run) return
    this.runs?.delete(id)
    if (isUncounted(run)) this.uncounted -= 1
  }

  /** Replaces all runs. */
  reset(runs: readonly Run[]): void {
    this.runs = undefined
    this.uncounted = 0
    for (const run of runs) this.put(run)
  }

  /** The matching runs, in the order in which they were put. */
  list(isMeant: (run: Run) => boolean): readonly Run[] {
    return this.runs ? [...this.runs.values()].filter(isMeant) : []
  }

  records(isMeant: (run: Run) => boolean): readonly RunningTask[] {
    return this.list(isMeant).map(({ record }) => record)
  }
}
