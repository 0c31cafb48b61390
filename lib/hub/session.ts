/**
 * A session is the hub's side of one connected tab: it takes the tab's messages one after the other, and sends what the
 * tab has not seen yet. What to send is never recorded; it is the difference between what was sent last and what is now,
 * so a slow tab costs the size of its state and not the length of its absence.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, toFailure } from '../base/errors.js'
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import { diff } from '../delta/diff.js'
import type { Patch } from '../delta/patch.js'
import { type Settlement, writeDown } from '../protocol/down.js'
import { callIdOf, type Hello, parseUp, type Up, unpack } from '../protocol/up.js'
import type { Registry } from '../state/registry.js'
import type { Connection } from './connection.js'
import type { Call } from './dispatch.js'
import type { Instance, View, Watcher } from './instance.js'
import type { Outbox, Sender } from './outbox.js'

/** What a session asks of the hub. */
export interface SessionGround {
  readonly clock: Clock
  readonly limits: Limits
  readonly registry: Registry
  call(call: Call): Eventually<void>
  /** Work that the hub waits for when it closes. */
  tracked<T>(work: Eventually<T>): Eventually<T>
  cancel(token: string, definition: string, task: string): Promise<void>
  /** Gives a state of an instance its first values, if it has none yet. */
  materialize(instance: Instance, id: string): Eventually<void>
}

/** One watched state: which, and what of it the tab has. */
interface Watched {
  readonly id: string
  sent: View | undefined
}

export class Session implements Watcher, Sender {
  readonly instance: Instance
  private readonly ground: SessionGround
  private readonly connection: Connection
  private readonly outbox: Outbox
  private readonly watched: Watched[] = []
  private readonly inbox: Up[] = []
  private settled: Settlement[] = []
  private signed = ''
  private sentRevision = 0
  sentAt = Number.NEGATIVE_INFINITY
  private phase: 'opening' | 'open' | 'closed' = 'opening'
  private draining = false
  /** The tab asked for the whole of it. */
  private asked = false
  private cancelling = 0

  constructor(ground: SessionGround, instance: Instance, connection: Connection, outbox: Outbox) {
    this.ground = ground
    this.instance = instance
    this.connection = connection
    this.outbox = outbox
  }

  /** Loads what the tab watches and welcomes it. `signed` is the token that the tab will keep. */
  async open(hello: Hello, signed: string): Promise<void> {
    this.instance.watchers.add(this)
    for (const id of hello.watch)
      await rescued(
        () => this.watch(id),
        (error) => this.refuse(undefined, error),
      )
    if (this.phase === 'closed') return
    this.phase = 'open'
    this.signed = signed
    this.welcome()
    this.drain()
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
      if (this.inbox.length + this.cancelling >= this.ground.limits.callsPerTab)
        throw new HeldStateError(
          'inbox-full',
          `${this.inbox.length} calls of this tab wait already, the bound "callsPerTab".`,
        )
      if (overtakes) return void this.answer(up.id, () => this.cancel(up))
      this.inbox.push(up)
      this.drain()
    } catch (error) {
      this.refuse(callIdOf(args), error)
    }
  }

  /** The connection is gone, or is to go. Work that was begun goes on. */
  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.instance.watchers.delete(this)
    this.connection.close()
  }

  farewell(error: HeldStateError): void {
    this.flush()
    if (this.phase !== 'closed') this.say({ type: 'farewell', failure: toFailure(error, 'hub-closed') })
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
    if (this.asked) this.welcome()
    const patches = this.patches()
    const settled = this.settled
    if (patches.length === 0 && settled.length === 0) return
    this.settled = []
    const from = this.sentRevision
    this.sentRevision = this.instance.revision
    this.say({ type: 'delta', from, to: this.sentRevision, patches, settled })
  }

  private patches(): Patch[] {
    const patches: Patch[] = []
    for (let position = 0; position < this.watched.length; position += 1) {
      const watched = this.watched[position] as Watched
      const view = this.viewOf(watched.id)
      if (view === watched.sent) continue
      for (const patch of diff(watched.sent, view, [position])) patches.push(patch)
      watched.sent = view
    }
    return patches
  }

  private welcome(): void {
    this.asked = false
    for (const watched of this.watched) watched.sent = this.viewOf(watched.id)
    this.sentRevision = this.instance.revision
    const views = this.watched.map(({ sent }) => sent)
    this.say({ type: 'welcome', token: this.signed, revision: this.sentRevision, views })
  }

  /** A state that is unknown, or is not any more, has no view. */
  private viewOf(id: string): View | undefined {
    return this.ground.registry.has(id) ? this.instance.view(this.ground.registry.get(id)) : undefined
  }

  /** Handles messages one after the other; what needs no waiting is done at once. */
  private drain(): void {
    if (this.draining || this.phase !== 'open') return
    for (let up = this.inbox.shift(); up; up = this.inbox.shift()) {
      const work = this.handle(up)
      if (!isPromise(work)) continue
      this.draining = true
      void work.then(() => {
        this.draining = false
        this.drain()
      })
      return
    }
  }

  private handle(up: Up): Eventually<void> {
    switch (up.type) {
      case 'call':
        return this.answer(up.id, () => this.ground.call({ ...up, token: this.instance.token }))
      case 'cancel':
        return this.answer(up.id, () => this.cancel(up))
      case 'watch':
        return this.answer(up.id, () => this.watch(up.definition))
      case 'resync':
        this.asked = true
        return this.changed()
    }
  }

  private answer(id: number, work: () => Eventually<void>): Eventually<void> {
    return this.ground.tracked(
      rescued(
        () => after(work(), () => this.settle({ id })),
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
    const failure = toFailure(error, 'handler-failed')
    if (id !== undefined && this.phase === 'open') this.settle({ id, failure })
    else if (this.phase !== 'closed') this.say({ type: 'failure', failure })
  }

  /** Definitions are others now: shows what they make of the watched states. */
  redefined(): void {
    for (const { id } of this.watched)
      if (this.ground.registry.has(id))
        void rescued(
          () => after(this.ground.materialize(this.instance, id), () => this.changed()),
          (error) => this.refuse(undefined, error),
        )
  }

  private watch(id: string): Eventually<void> {
    if (this.watched.length >= this.ground.limits.watchedStates)
      throw new HeldStateError(
        'invalid-message',
        'This tab watches as many states as the bound "watchedStates" allows.',
      )
    this.watched.push({ id, sent: undefined })
    return after(this.ground.materialize(this.instance, id), () => this.changed())
  }

  private async cancel({ definition, task }: { definition: string; task: string }): Promise<void> {
    this.cancelling += 1
    try {
      await this.ground.cancel(this.instance.token, definition, task)
    } finally {
      this.cancelling -= 1
    }
  }

  /** A cancel does not wait behind a long event, but it must not overtake the start that it means. */
  private startsLater({ definition, task }: { definition: string; task: string }): boolean {
    return this.inbox.some((up) => up.type === 'call' && up.definition === definition && up.member === task)
  }

  private say(message: Parameters<typeof writeDown>[0]): void {
    this.connection.send(...writeDown(message))
  }
}
