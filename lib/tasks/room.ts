/** How many tasks may run or wait: of a token, a browser, an address and the process. */
import { HeldStateError } from '../base/errors.js'
import { guardLimits } from '../base/guard-limits.js'
import type { Limits } from '../base/limits.js'
import { serverLimits } from '../base/server-limits.js'
import type { TaskQueue } from './queue.js'
import type { RunOwner } from './run.js'
import type { RunIndex } from './run-index.js'

export interface RoomPorts {
  readonly limits: Limits
  /** Of the page of a token. */
  ownerOf(token: string): RunOwner
}

export class Room {
  private readonly ports: RoomPorts
  private readonly index: RunIndex
  private readonly queue: TaskQueue

  constructor(ports: RoomPorts, index: RunIndex, queue: TaskQueue) {
    this.ports = ports
    this.index = index
    this.queue = queue
  }

  /** As many run as the process allows. */
  get isFull(): boolean {
    return this.index.all.size >= this.ports.limits.tasksPerProcess
  }

  /** Throws if there is none for one more. `saved` are runs of its token that are saved, or will be with the start. */
  check(token: string, task: string, saved = 0): void {
    const { limits, ownerOf } = this.ports
    const ofToken = Math.max(this.index.of(token).size, saved)
    if (ofToken >= limits.tasksPerToken) throw tooMany('This tab', ofToken, 'tasksPerToken', task)
    const { browser, address } = ownerOf(token)
    const ofBrowser = browser === undefined ? ofToken : this.index.ofBrowser(browser) + this.queue.ofBrowser(browser)
    if (ofBrowser >= limits.tasksPerBrowser) throw tooMany('This browser', ofBrowser, 'tasksPerBrowser', task)
    const all = this.index.all.size + this.queue.size
    const most =
      ofBrowser < serverLimits.tasksOfFew ? limits.tasksPerProcess : limits.tasksPerProcess * serverLimits.tasksForMany
    if (all >= most || this.isGreedy(address, all)) throw tooMany('The server', all, 'tasksPerProcess', task)
  }

  /** Whether an address has its share of places that are scarce. */
  private isGreedy(address: string | undefined, all: number): boolean {
    const { tasksPerProcess } = this.ports.limits
    if (address === undefined || all < tasksPerProcess * guardLimits.sharedTasks) return false
    const ofAddress = this.index.ofAddress(address) + this.queue.ofAddress(address)
    return ofAddress >= tasksPerProcess * guardLimits.tasksPerAddress
  }
}

const tooMany = (where: string, running: number, bound: string, task: string) =>
  new HeldStateError(
    'too-many-tasks',
    `${where} runs ${running} background tasks, the bound "${bound}". "${task}" was not started. Start it again when others have ended.`,
  )
