/**
 * A session is the hub's side of one connected tab: it takes the tab's messages one after the other, settles its calls,
 * and sends what its feed has for it.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, concluded, type Eventually, rescued } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import { fixedLimits, type Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { type Settlement, writeDown } from '../protocol/down.js'
import { callIdOf, type Hello, parseUp, type Up, unpack } from '../protocol/up.js'
import type { Registry } from '../state/registry.js'
import type { Connection } from './connection.js'
import type { Call } from './dispatch.js'
import { callerFaults, reportFault } from './faults.js'
import { Feed } from './feed.js'
import { History } from './history.js'
import { Inbox, inOrder } from './inbox.js'
import type { Instance, Watcher } from './instance.js'
import type { Nodes } from './nodes.js'
import { type Caller, isStale, once } from './once.js'
import type { Outbox, Sender } from './outbox.js'
import { type CallName, endOf } from './past-calls.js'
import { StateUnknown } from './state-unknown.js'
import type { Tasking } from './tasking.js'
import { trailOf } from './trail.js'

/** What a session asks of the hub. */
export interface SessionGround {
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  readonly registry: Registry
  call(call: Call): Eventually<void>
  /** Work that the hub waits for when it closes. */
  tracked<T>(work: Eventually<T>): Eventually<T>
  readonly tasks: Pick<Tasking, 'cancel'>
  readonly nodes: Pick<Nodes, 'away'>
  /** Asks the store what it has of an instance, unless that is known. */
  load(instance: Instance): Eventually<void>
  /** The same, and asks again where another process may have changed it. */
  refresh(instance: Instance): Eventually<void>
  /** Waits until no other process does anything with an instance. */
  own(instance: Instance): Eventually<void>
  /** Gives a new instance what `original` has saved. */
  copy(original: Instance, instance: Instance): Eventually<void>
  /** Gives a state of an instance its first values, if it has none yet. */
  materialize(instance: Instance, id: string): Eventually<void>
}

/** What a session is made of. */
export interface SessionParts {
  readonly instance: Instance
  readonly connection: Connection
  readonly outbox: Outbox
  readonly hello: Hello
  /** What the tab will keep, and say hello with. */
  readonly signed: string
  /** The session that the same page had before. */
  readonly earlier: Session | undefined
  /** Given to a duplicated tab: whose state it begins with. */
  readonly original: Instance | undefined
}

export class Session implements Watcher, Sender, Caller {
  readonly instance: Instance
  private readonly ground: SessionGround
  private readonly connection: Connection
  private readonly outbox: Outbox
  private readonly inbox: Inbox
  private settled: Settlement[] = []
  private readonly hello: Hello
  private readonly signed: string
  private readonly original: Instance | undefined
  private readonly feed: Feed
  sentAt = Number.NEGATIVE_INFINITY
  sending = false
  private phase: 'opening' | 'open' | 'closed' = 'opening'
  /** The tab asked for the whole of it. */
  private asked = false
  private cancelling = 0
  /** Take back what is to be tried again. */
  private readonly retries: (() => void)[] = []

  constructor(ground: SessionGround, { instance, connection, outbox, hello, signed, earlier, original }: SessionParts) {
    this.ground = ground
    this.instance = instance
    this.connection = connection
    this.outbox = outbox
    this.hello = hello
    this.signed = signed
    this.original = original
    const { clock, limits, registry } = ground
    const history =
      earlier?.feed.history ?? new History(limits.rememberedMessages, Number.parseInt(clock.id().slice(0, 10), 16))
    this.feed = new Feed(instance, registry, hello.page, history)
    instance.watchers.add(this) // first: closing the earlier one may say at once that it has gone
    earlier?.close()
    this.inbox = new Inbox(earlier?.inbox.busy, (up) => this.handle(up)) // calls run in order, also those that the page sends again
  }

  /** The page had a connection before this one. */
  private get wasHere(): boolean {
    return this.hello.heard !== undefined
  }

  /** Loads what the tab watches, and welcomes it or carries it on from where it was. */
  async open(): Promise<void> {
    const { watch, heard } = this.hello
    const tell = (error: unknown) => this.refuse(undefined, error)
    await rescued(
      () => this.ground.refresh(this.instance),
      (error) => (this.wasHere ? this.close() : tell(error)), // it has more to show than nothing, and comes back
    )
    const { original } = this
    if (original) await rescued(() => this.ground.copy(original, this.instance), tell)
    for (const id of watch) await rescued(() => this.watch(id), tell)
    if (this.phase === 'closed') return
    this.phase = 'open'
    const mark = heard === undefined ? undefined : this.feed.history.at(heard)
    this.say(mark ? this.feed.resumed(this.signed, mark) : this.feed.welcome(this.signed))
    if (this.ground.nodes.away) this.stalled(true)
    this.inbox.open()
  }

  /** A message of the tab, or a batch of them, as it came. */
  receive(name: unknown, args: readonly unknown[]): void {
    try {
      for (const [each, ...given] of unpack(name, args, this.ground.limits)) this.take(each, given)
    } catch (error) {
      this.refuse(undefined, error)
    }
  }

  private take(name: unknown, args: readonly unknown[]): void {
    if (this.phase === 'closed') return
    try {
      const up = parseUp(name, args, this.ground.limits)
      const overtakes = up.type === 'cancel' && this.phase === 'open' && !this.startsLater(up)
      if (this.inbox.size + this.cancelling >= this.ground.limits.callsPerTab) return this.refuseSurplus(up)
      if (overtakes) return void this.cancel(up)
      this.inbox.add(up)
    } catch (error) {
      this.refuse(callIdOf(args), error)
    }
  }

  private refuseSurplus(up: Up): void {
    const surplus = new HeldStateError(
      'inbox-full',
      `${this.inbox.size} calls of this tab wait already, the bound "callsPerTab". Wait for them before you make more.`,
    )
    if (up.type === 'resync') throw surplus
    const refuse = () => {
      throw surplus
    }
    void this.ground.tracked(this.once(up.id, refuse, true))
  }

  /** The connection is gone, or is to go. Work that was begun goes on. */
  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.inbox.close()
    for (const cancel of this.retries) cancel()
    this.instance.watchers.delete(this)
    this.connection.close()
  }

  farewell(error: HeldStateError, spreadMs: number): void {
    this.flush()
    if (this.phase !== 'closed') this.say({ type: 'farewell', failure: toFailure(error, 'hub-closed'), spreadMs })
    this.close()
  }

  /** Something to show: at once after a pause or with an answer, else with the next frame. */
  changed(): void {
    if (this.phase === 'opening') return // the welcome will show it
    const { clock, limits } = this.ground
    if (this.settled.length > 0 || clock.now() - this.sentAt >= limits.frameMs) this.outbox.add(this)
    else this.outbox.addLater(this)
  }

  /** One delta with everything that the tab has not seen, and the calls that it settles. */
  flush(): void {
    if (this.phase !== 'open') return
    if (this.asked) this.say(this.feed.welcome(this.signed))
    this.asked = false
    const delta = this.feed.delta(this.settled)
    if (!delta) return
    this.settled = []
    this.say(delta)
  }

  private handle(up: Up): Eventually<void> {
    switch (up.type) {
      case 'call':
        return this.call(up)
      case 'cancel':
        return this.cancel(up)
      case 'watch':
        return this.answer(up.id, () => this.watch(up.definition))
      case 'resync':
        this.asked = true
        return this.changed()
    }
  }

  private call(up: Up & { type: 'call' }): Eventually<void> {
    const name = { page: this.hello.page, id: up.id }
    const isPlain = this.instance.known && this.isPlain(name)
    return this.ground.tracked(isPlain ? this.run(up, name) : this.runKnown(up, name))
  }

  /** Whether what is known of a call is all there is. A generator that has yielded counts as interrupted until it ends. */
  private isPlain(name: CallName): boolean {
    return this.instance.loaded || endOf(this.instance.calls, name) === undefined
  }

  /** Runs a call once it is known whether it has ended already, and runs nowhere else: its page may have been there before. */
  private runKnown(up: Up & { type: 'call' }, name: CallName): Eventually<void> {
    const { ground, instance } = this
    const settled = () => (this.isPlain(name) ? undefined : ground.own(instance))
    return concluded(
      () => (instance.known ? settled() : after(ground.load(instance), settled)),
      () => this.run(up, name),
      // a page that was here comes back and asks once more
      (error) => (this.wasHere ? this.close() : this.once(up.id, () => Promise.reject(error))),
    )
  }

  private run({ id, definition, member, args }: Up & { type: 'call' }, name: CallName): Eventually<void> {
    const { token } = this.instance
    const { cookies } = this.connection
    const { passed, before } = this.inbox
    const call = { token, definition, member, args, name, cookies, passed, before }
    return this.once(id, () => (before ? inOrder(before, () => this.ground.call(call)) : this.ground.call(call)))
  }

  private cancel({ id, definition, task }: Up & { type: 'cancel' }): Eventually<void> {
    const { ground, instance } = this
    this.cancelling += 1
    const work = () => ground.tasks.cancel(instance.token, definition, task)
    return after(ground.tracked(this.once(id, work, true)), () => {
      this.cancelling -= 1
    })
  }

  private once(id: number, work: () => Eventually<void>, early = false): Eventually<void> {
    const { instance, ground } = this
    const name = { page: this.hello.page, id }
    return once({ instance, caller: this, name, limits: ground.limits, early, again: this.wasHere }, work)
  }

  ended(id: number): void {
    this.settle({ id })
  }

  failed(id: number, error: unknown): void {
    this.refuse(id, error)
  }

  broke(error: unknown, early: boolean): void {
    if (!early) reportFault(this.ground.log, error, callerFaults)
  }

  private answer(id: number, work: () => Eventually<void>): Eventually<void> {
    return this.ground.tracked(
      concluded(
        work,
        () => this.settle({ id }),
        (error) => this.refuse(id, error),
      ),
    )
  }

  private settle(settlement: Settlement): void {
    if (this.phase !== 'open') return
    this.settled.push(settlement)
    this.changed()
  }

  /** Says what was wrong: to the caller where the message names a call, else to the tab. */
  private refuse(id: number | undefined, error: unknown): void {
    if (isStale(error)) return this.close() // the tab comes back, here or there, and sends again what has not settled
    // what a page that was here before sends again may have taken effect: it shall not be told that it did not
    if (this.wasHere && error instanceof StateUnknown && error.token === this.instance.token) return this.close()
    const failure = { ...toFailure(error, 'handler-failed'), ...trailOf(error) }
    if (id !== undefined && this.phase === 'open') this.settle({ id, failure })
    else if (this.phase !== 'closed') this.say({ type: 'failure', failure })
  }

  /** A failure that no call of the page is told of. */
  fault(error: unknown): void {
    if (this.phase === 'open' && process.env.NODE_ENV === 'development') this.refuse(undefined, error)
  }

  /** The store is out of reach, or back. */
  stalled(stalled: boolean): void {
    if (this.phase === 'open') this.say({ type: 'stalled', stalled })
  }

  /** Definitions are others now: shows what they make of the watched states. */
  redefined(): void {
    for (const id of this.feed.ids)
      if (this.ground.registry.has(id))
        void rescued(
          () => this.materialize(id),
          (error) => this.refuse(undefined, error),
        )
  }

  private watch(id: string): Eventually<void> {
    if (this.feed.ids.length >= this.ground.limits.watchedStates)
      throw new HeldStateError(
        'invalid-message',
        'This tab watches as many states as the bound "watchedStates" allows.',
      )
    this.feed.watch(id)
    return this.materialize(id)
  }

  /** Shows a state. Its first values may have to be saved; where that fails, it is tried again as long as the tab is here. */
  private materialize(id: string, waitMs: number = fixedLimits.saveAgainMs): Eventually<void> {
    const again = () =>
      void rescued(
        () => this.materialize(id, Math.min(waitMs * 2, fixedLimits.saveAgainLongestMs)),
        () => {},
      )
    return rescued(
      () => after(this.ground.materialize(this.instance, id), () => this.changed()),
      (error) => {
        if (isHeldStateError(error) && error.code === 'save-failed' && this.phase !== 'closed')
          this.retries.push(this.ground.clock.after(waitMs, again))
        throw error
      },
    )
  }

  /** A cancel does not wait behind a long event, but it must not overtake the start that it means. */
  private startsLater({ definition, task }: { definition: string; task: string }): boolean {
    return this.inbox.has((up) => up.type === 'call' && up.definition === definition && up.member === task)
  }

  private say(message: Parameters<typeof writeDown>[0]): void {
    this.connection.send(...writeDown(message))
  }
}
