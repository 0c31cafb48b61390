/**
 * The runs of tasks that a page waits for. Nothing of it is remembered: over its next connection, a page asks again for the ends that it has not
 * heard. While a page does not read, it is sent no further ends, so that their results take no memory.
 */
import { type Failure, HeldStateError } from '../base/errors.js'
import { after, type Eventually, rescued } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import type { Limits } from '../base/limits.js'
import { handlerLimits } from '../base/server-limits.js'
import { finished, type Running } from '../calls/call-order.js'
import { outcomeOf } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import { unknownRun } from '../instance/unknown-run.js'
import type { Settlement } from '../protocol/down.js'
import type { SubscriptionUp } from '../protocol/up.js'
import type { RunEnd } from '../store/store.js'

/** The subscription that waits. */
export interface WaitingSubscription {
  readonly instance: Pick<Instance, 'runs' | 'calls'>
  /** The random id of the page. */
  readonly pageId: string
  readonly session: { readonly isBlocked: boolean }
  settle(settlement: Settlement): void
  sendError(id: number, error: unknown): void
}

interface Wait {
  /** Ids of the messages that wait. */
  readonly ids: number[]
  readonly definition: string
  readonly task: string
  /** The store was asked, since nothing is known of the run. */
  isAsked: boolean
}

export class RunWaits {
  private readonly subscription: WaitingSubscription
  /** The most runs that a page may wait for. */
  private readonly most: number
  private readonly refresh: () => Eventually<void>
  /** By run. */
  private readonly waits = new Map<string, Wait>()
  private size = 0
  /** Of the runs, when they were looked at last. */
  private seen = -1

  /** `refresh` asks the store what it has of the instance. */
  constructor(subscription: WaitingSubscription, { callsPerTab }: Limits, refresh: () => Eventually<void>) {
    this.subscription = subscription
    this.most = callsPerTab
    this.refresh = refresh
  }

  add({ id, definition, task, run: given }: SubscriptionUp & { readonly type: 'wait' }): Running {
    const { subscription } = this
    const run = typeof given === 'string' ? given : this.startedBy(given)
    const wait = (run !== undefined && this.waits.get(run)) || { ids: [], definition, task, isAsked: false }
    if (run === undefined || wait.definition !== definition || wait.task !== task)
      subscription.sendError(id, unknownRun(String(given), { definition, task }))
    else if (this.size >= this.most || wait.ids.length >= handlerLimits.waitsOfRun)
      subscription.sendError(id, tooManyWaits(this.most))
    else {
      this.size += 1
      wait.ids.push(id)
      this.waits.set(run, wait)
      this.check(run)
    }
    return finished // no further message waits for it
  }

  /** The run that a call of the page has started, or joined: it is what the call has replied. */
  private startedBy(id: number): string | undefined {
    const { pageId, instance } = this.subscription
    const outcome = outcomeOf(instance.calls, { page: pageId, id })
    return typeof outcome === 'object' && typeof outcome.reply === 'string' ? outcome.reply : undefined
  }

  /** Runs may have finished, or the page may read again. */
  look(): void {
    const { version } = this.subscription.instance.runs
    if (this.waits.size === 0 || this.subscription.session.isBlocked || this.seen === version) return
    this.seen = version
    for (const run of [...this.waits.keys()]) this.check(run)
  }

  close(): void {
    this.waits.clear()
    this.size = 0
  }

  private check(run: string): void {
    const wait = this.waits.get(run)
    const { runs } = this.subscription.instance
    if (!wait || runs.has(run, wait)) return
    const end = runs.lastEnds.of(run)
    if (end?.definition === wait.definition && end.task === wait.task) this.answer(run, wait, end)
    else if (wait.isAsked) this.refuse(run, wait, unknownRun(run, wait))
    else this.ask(run, wait)
  }

  private answer(run: string, wait: Wait, { outcome, result, failure = cancelled(wait.task) }: RunEnd): void {
    if (this.subscription.session.isBlocked) {
      this.seen = -1
      return
    }
    this.forget(run, wait)
    for (const id of wait.ids) this.subscription.settle(outcome === 'done' ? { id, reply: result } : { id, failure })
  }

  /** This process may not have heard yet of a run that began elsewhere. */
  private ask(run: string, wait: Wait): void {
    wait.isAsked = true
    void rescued(
      () => after(this.refresh(), () => this.check(run)),
      (error) => this.refuse(run, wait, error),
    )
  }

  private refuse(run: string, wait: Wait, error: unknown): void {
    if (this.waits.get(run) !== wait) return
    this.forget(run, wait)
    for (const id of wait.ids) this.subscription.sendError(id, error)
  }

  private forget(run: string, { ids }: Wait): void {
    this.waits.delete(run)
    this.size -= ids.length
  }
}

const cancelled = (task: string): Failure =>
  toFailure(new HeldStateError('task-cancelled', `Task "${task}" was cancelled.`))

const tooManyWaits = (most: number) =>
  new HeldStateError(
    'inbox-full',
    `This page already awaits the maximum of runs: at most ${most} (limit "callsPerTab"), and ${handlerLimits.waitsOfRun} times for the same run.`,
  )
