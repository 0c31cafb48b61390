/** Saves what has become of tasks, where the store has something else and no change of the state carries it. */
import { rescued } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { unguarded } from '../instance/cancel-guard.js'
import { callerFaults, reportFault } from '../instance/error-reporting.js'
import type { Instance } from '../instance/instance.js'
import { noAuthor, transact } from '../instance/transact.js'
import type { TasksCore } from './core.js'

export class RunSaver {
  private readonly core: TasksCore
  /** Instances of which a task has finished in this turn of the event loop, and whether another one has since the save of that. */
  private readonly finishedNow = new Map<Instance, boolean>()
  /** Timers of instances that could not be saved. */
  private readonly retries = new Map<Instance, () => void>()
  /** Timers of tokens whose progress is to be saved. */
  private readonly progress = new Map<string, () => void>()

  constructor(core: TasksCore) {
    this.core = core
  }

  /** Saves the runs of an instance, if the stored list is outdated. */
  publishRuns(instance: Instance): void {
    if (instance.runs.outdated) this.takeOwnership(instance)
  }

  /** Takes the ownership of an instance, and saves its runs with it. No caller waits for that. */
  takeOwnership(instance: Instance): void {
    const { core } = this
    if (core.isClosing || instance.forgotten) return
    void core.tracked(
      rescued(
        () => transact(core, instance.token, unguarded, noAuthor, () => {}),
        (error) => {
          reportFault(core.log, error, callerFaults, instance.token)
          this.retryLater(instance)
        },
      ),
    )
  }

  /** Starts in other processes may wait for a run that has finished here. */
  private retryLater(instance: Instance): void {
    const { clock, instances, isClosing } = this.core
    if (isClosing || !instance.runs.outdated || this.retries.has(instance)) return
    const retry = () => {
      this.retries.delete(instance)
      if (instances.get(instance.token) === instance) this.publishRuns(instance)
    }
    this.retries.set(instance, clock.after(processLimits.saveAgainMs, retry))
  }

  /** The first run that finishes in a turn is saved at once, all others of that turn with one more save: each writes the list of all runs. */
  onRunFinished(instance: Instance): void {
    if (this.finishedNow.has(instance)) return void this.finishedNow.set(instance, true)
    if (this.finishedNow.size === 0) this.core.clock.turn(() => this.saveFinished())
    this.finishedNow.set(instance, false)
    this.publishRuns(instance)
  }

  /** Saves the further runs that have finished in this turn. */
  saveFinished(): void {
    const instances = [...this.finishedNow]
    this.finishedNow.clear()
    for (const [instance, isDue] of instances) if (isDue) this.publishRuns(instance)
  }

  /** Saves the progress of tasks now and then, where only pages of other processes show it. */
  onProgress(instance: Instance): void {
    const { clock, nodes } = this.core
    const { token, watchers } = instance
    if (!nodes.shared || watchers.size > 0 || this.progress.has(token)) return
    const save = () => {
      this.progress.delete(token)
      this.publishRuns(instance)
    }
    this.progress.set(token, clock.after(processLimits.progressEveryMs, save))
  }

  stop(): void {
    for (const cancelTimer of [...this.retries.values(), ...this.progress.values()]) cancelTimer()
    this.progress.clear()
  }
}
