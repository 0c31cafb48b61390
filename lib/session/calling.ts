/** Runs the calls and cancels of one page: each once, also where its page sends it again. */
import { after, concluded, type Eventually, isPromise } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Call } from '../calls/dispatch.js'
import { type Caller, runOnce } from '../calls/idempotency.js'
import { type Dispatched, finished, inOrder, type Running } from '../calls/in-order.js'
import { type CallName, endOf } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import type { Up } from '../protocol/up.js'
import type { TaskScheduler } from '../tasks/scheduler.js'
import type { Connection } from './connection.js'
import type { Inbox } from './inbox.js'

export interface CallingCore {
  readonly limits: Limits
  readonly tasks: Pick<TaskScheduler, 'cancel'>
  call(call: Call): Eventually<Dispatched>
  /** Work that the hub waits for when it closes. */
  tracked<T>(work: Eventually<T>): Eventually<T>
  /** Asks the store what it has of an instance, unless that is known. */
  load(instance: Instance): Eventually<void>
  /** Waits until no other process does anything with an instance. */
  own(instance: Instance): Eventually<void>
}

/** The page whose calls they are. */
export interface CallingPage extends Caller {
  readonly instance: Instance
  /** Its random id. */
  readonly page: string
  /** It had a connection before this one, and may send a call again. */
  readonly isReconnect: boolean
  readonly connection: Pick<Connection, 'cookies' | 'visitor'>
  readonly inbox: Inbox
  /** Ends its connection; it makes another one. */
  close(): void
}

export class CallRunner {
  private readonly core: CallingCore
  private readonly page: CallingPage
  /** Cancels that have not ended. */
  cancelling = 0

  constructor(core: CallingCore, page: CallingPage) {
    this.core = core
    this.page = page
  }

  call(up: Up & { type: 'call' }): Eventually<Running> {
    const name = { page: this.page.page, id: up.id }
    const isFirstAttempt = this.page.instance.known && this.isPlain(name)
    const running = isFirstAttempt ? this.run(up, name) : this.runKnown(up, name)
    void this.core.tracked(isPromise(running) ? running.then(({ done }) => done) : running.done)
    return running
  }

  /** Whether what is known of a call is all there is. A generator that has yielded counts as interrupted until it ends. */
  private isPlain(name: CallName): boolean {
    const { instance } = this.page
    // a lapsed lease does no harm: the transaction asks again under the lock
    return instance.role === 'owner' || endOf(instance.calls, name) === undefined
  }

  /** Runs a call once it is known whether it has ended already, and runs nowhere else: its page may have been there before. */
  private runKnown(up: Up & { type: 'call' }, name: CallName): Eventually<Running> {
    const { core } = this
    const { instance } = this.page
    const settled = () => (this.isPlain(name) ? undefined : core.own(instance))
    return concluded(
      () => (instance.known ? settled() : after(core.load(instance), settled)),
      () => this.run(up, name),
      // a page that was here comes back and asks once more
      (error) => {
        if (!this.page.isReconnect) return this.once(up.id, () => Promise.reject(error))
        this.page.close()
        return finished
      },
    )
  }

  private run({ id, definition, member, args }: Up & { type: 'call' }, name: CallName): Eventually<Running> {
    const { connection: from, inbox, instance } = this.page
    const { before } = inbox
    const call = { token: instance.token, definition, member, args, name, from, before, inbox }
    return this.once(id, () => (before ? inOrder(before, () => this.core.call(call)) : this.core.call(call)))
  }

  cancel({ id, definition, task }: Up & { type: 'cancel' }): Eventually<Running> {
    const { core } = this
    const { instance } = this.page
    this.cancelling += 1
    const work = () => after(core.tasks.cancel(instance.token, definition, task), () => finished)
    return after(core.tracked(this.once(id, work, true)), (running) => {
      this.cancelling -= 1
      return running
    })
  }

  /** Runs it, unless it has ended before; `early` does not wait for the calls before it. */
  once(id: number, work: () => Eventually<Dispatched>, early = false): Eventually<Running> {
    const { core, page } = this
    const name = { page: page.page, id }
    return runOnce(
      { instance: page.instance, caller: page, name, limits: core.limits, early, again: page.isReconnect },
      work,
    )
  }
}
