/** Runs the calls and cancels of one page: each once, also where its page sends it again. */
import { after, concluded, type Eventually, isPromise } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import { type Dispatched, finished, inOrder, type Running } from '../calls/call-order.js'
import type { Call } from '../calls/dispatch.js'
import { type Caller, type ReplyLedger, runOnce } from '../calls/idempotency.js'
import { type CallName, outcomeOf, withoutReplies } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import type { Former } from '../protocol/hello.js'
import type { Opening } from '../protocol/opening.js'
import type { SubscriptionUp as Up } from '../protocol/up.js'
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
  /** Makes this process the owner of the token, and changes nothing. No other process runs calls of it then. */
  takeOwnership(instance: Instance): Eventually<void>
}

/** The subscription whose calls they are. */
export interface CallingSubscription extends Caller {
  readonly session: {
    readonly replies: ReplyLedger | undefined
    /** The highest id of a call that was sent over earlier connections. */
    readonly sent: number
    readonly connection: Pick<Connection, 'cookies' | 'visitor'>
  }
  /** Among the subscriptions of its session. */
  readonly number: number
  readonly address: Opening['address']
  readonly began: Opening['began']
  readonly instance: Instance
  /** The random id of the page. */
  readonly pageId: string
  /** Pages before it in its tab, whose calls it sends on. */
  readonly formers: readonly Former[]
  /** It had a connection before this one, and may send a call again. */
  readonly isReconnect: boolean
  readonly inbox: Inbox
  /** Closes its connection; it makes another one. */
  closeConnection(): void
}

export class CallRunner {
  private readonly core: CallingCore
  private readonly subscription: CallingSubscription
  /** Cancels that have not settled. */
  cancelling = 0
  private hasCalled = false

  constructor(core: CallingCore, subscription: CallingSubscription) {
    this.core = core
    this.subscription = subscription
  }

  call(up: Up & { type: 'call' }): Eventually<Running> {
    const name = this.nameOf(up)
    const isFirstAttempt = this.subscription.instance.known && up.former === undefined && this.mayRunAtOnce(name)
    const running = isFirstAttempt ? this.run(up, name) : this.runKnown(up, name)
    void this.core.tracked(isPromise(running) ? running.then(({ done }) => done) : running.done)
    return running
  }

  /**
   * Whether the call may run, or be answered, without taking the ownership first. Not if another process may own the token and an outcome is
   * recorded, which may change: a generator that has yielded counts as interrupted until it settles.
   */
  private mayRunAtOnce(name: CallName): boolean {
    const { instance } = this.subscription
    // a lapsed lease does no harm: the transaction asks again under the lock
    return instance.role === 'owner' || outcomeOf(instance.calls, name) === undefined
  }

  /** Runs a call once it is known whether it has settled already, and runs nowhere else: its page may have been there before. */
  private runKnown(up: Up & { type: 'call' }, name: CallName): Eventually<Running> {
    const { core } = this
    const { instance } = this.subscription
    const settled = () => (this.mayRunAtOnce(name) ? undefined : core.takeOwnership(instance))
    return concluded(
      () => (instance.known ? settled() : after(core.load(instance), settled)),
      () => this.run(up, name),
      // a page that was here comes back and asks once more
      (error) => {
        if (!this.subscription.isReconnect) return this.once(up, () => Promise.reject(error))
        this.subscription.closeConnection()
        return finished
      },
    )
  }

  private run(up: Up & { type: 'call' }, name: CallName): Eventually<Running> {
    const { definition, member, args } = up
    const { session, inbox, instance } = this.subscription
    const { connection: from } = session
    const { before } = inbox
    if (up.former === undefined) this.noteFirst(name)
    const call = { token: instance.token, definition, member, args, name, from, before, inbox }
    return this.once(up, () => (before ? inOrder(before, () => this.core.call(call)) : this.core.call(call)))
  }

  /** Over each connection, a page sends what has not settled, in order: what came before its first call it has heard. */
  private noteFirst({ page, id }: CallName): void {
    if (this.hasCalled) return
    this.hasCalled = true
    const { instance } = this.subscription
    instance.calls = withoutReplies(instance.calls, page, (other) => other < id)
  }

  cancel(up: Up & { type: 'cancel' }): Eventually<Running> {
    const { definition, task, run } = up
    const { core } = this
    const { instance } = this.subscription
    this.cancelling += 1
    const work = () => after(core.tasks.cancel(instance.token, definition, task, run), () => finished)
    return after(core.tracked(this.once(up, work, true)), (running) => {
      this.cancelling -= 1
      return running
    })
  }

  /** Runs it, unless it has settled before; `early` does not wait for the calls before it. */
  once(up: Up & { type: 'call' | 'cancel' }, work: () => Eventually<Dispatched>, early = false): Eventually<Running> {
    const { core, subscription } = this
    const { instance, isReconnect } = subscription
    const call = {
      instance,
      caller: subscription,
      replies: subscription.session.replies,
      subscription: subscription.number,
      name: this.nameOf(up),
      limits: core.limits,
      early,
      again: isReconnect,
      sentSince: this.sentSince(up),
    }
    return runOnce(call, work)
  }

  /** The revision at which its page was first shown the state, if it may have sent the call before. */
  private sentSince(up: Up & { type: 'call' | 'cancel' }): number | undefined {
    const { session, address, began } = this.subscription
    const former = this.formerOf(up)
    if (former) return former.hasSent ? (former.began.get(address) ?? 0) : undefined
    return up.id <= session.sent ? began : undefined
  }

  private nameOf(up: Up & { type: 'call' | 'cancel' }): CallName {
    return { page: this.formerOf(up)?.page ?? this.subscription.pageId, id: up.id }
  }

  private formerOf({ former }: Up & { type: 'call' | 'cancel' }): Former | undefined {
    return former === undefined ? undefined : this.subscription.formers[former]
  }
}
