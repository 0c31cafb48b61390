/** Bounds the tasks that may run or wait: per token, per browser, per address and in the whole process. */
import { crowdLimits } from '../base/crowd-limits.js'
import { handlerLimits } from '../base/server-limits.js'
import type { TasksCore } from './core.js'
import type { TaskQueue } from './queue.js'
import type { RunIndex } from './run-index.js'
import { tooManyTasks } from './too-many-tasks.js'

export class Capacity {
  private readonly core: Pick<TasksCore, 'limits' | 'instance'>
  private readonly index: RunIndex
  private readonly queue: TaskQueue

  constructor(core: Pick<TasksCore, 'limits' | 'instance'>, index: RunIndex, queue: TaskQueue) {
    this.core = core
    this.index = index
    this.queue = queue
  }

  /** Whether the process runs as many tasks as it may. */
  get isFull(): boolean {
    return this.index.all.size >= this.core.limits.tasksPerProcess
  }

  /** Throws if a further run may not start. `saved`: the number of runs of the token that are saved, or will be with the start. */
  check(token: string, task: string, saved = 0): void {
    const { limits } = this.core
    const ofToken = Math.max(this.index.of(token).size, saved)
    if (ofToken >= limits.tasksPerToken) throw tooMany('This tab', ofToken, 'tasksPerToken', task)
    const { browser, address } = this.core.instance(token)
    const ofBrowser = browser === undefined ? ofToken : this.index.ofBrowser(browser) + this.queue.ofBrowser(browser)
    if (ofBrowser >= limits.tasksPerBrowser) throw tooMany('This browser', ofBrowser, 'tasksPerBrowser', task)
    const all = this.index.all.size + this.queue.size
    const most =
      ofBrowser < handlerLimits.tasksOfFew
        ? limits.tasksPerProcess
        : limits.tasksPerProcess * handlerLimits.tasksForMany
    if (all >= most || this.isGreedy(address, all)) throw tooMany('The server', all, 'tasksPerProcess', task)
  }

  /** Whether places are scarce and an address has its share of them. */
  private isGreedy(address: string | undefined, all: number): boolean {
    const { tasksPerProcess } = this.core.limits
    if (address === undefined || all < tasksPerProcess * crowdLimits.sharedTasks) return false
    const ofAddress = this.index.ofAddress(address) + this.queue.ofAddress(address)
    return ofAddress >= tasksPerProcess * crowdLimits.tasksPerAddress
  }
}

const tooMany = (where: string, running: number, bound: string, task: string) =>
  tooManyTasks(`${where} runs ${running} background tasks`, bound, task)
