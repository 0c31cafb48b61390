/**
 * How the messages of a page come in: parsed, within its bounds, and in its turn. Cancels go ahead of the calls that wait, unless they mean one
 * of them.
 */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { guardLimits } from '../base/guard-limits.js'
import { serverLimits } from '../base/limits.js'
import { callIdOf, parseUp, type Up, unpack } from '../protocol/up.js'
import type { Calling, CallingGround } from './calling.js'
import type { Connection } from './connection.js'
import { CallRate, type Drainable, type FairShare } from './fair-share.js'
import type { Inbox } from './inbox.js'
import type { MemoryBounds } from './memory-bounds.js'
import { Pace } from './pace.js'

export interface IntakeGround extends CallingGround {
  readonly clock: { now(): number }
  readonly fairShare: FairShare
  readonly memory: Pick<MemoryBounds, 'inboxes'>
}

/** The page whose messages come in. */
export interface IntakePage {
  readonly phase: 'opening' | 'open' | 'closed'
  readonly inbox: Inbox
  readonly calling: Calling
  /** Says what was wrong: to the caller if the message names a call, else to the page. */
  refuse(id: number | undefined, error: unknown): void
  /** Says why, and ends its connection. */
  farewell(error: HeldStateError, spreadMs: number): void
}

export class Intake implements Drainable {
  readonly pace: Pace
  private readonly ground: IntakeGround
  private readonly page: IntakePage
  private readonly rate: CallRate
  /** The page sends more than others. */
  private isFast = false
  /** Messages that could not be read. */
  private unreadable = 0

  constructor(ground: IntakeGround, page: IntakePage, connection: Connection) {
    const { limits, memory } = ground
    this.ground = ground
    this.page = page
    this.pace = new Pace(connection, limits, memory.inboxes)
    this.rate = new CallRate(limits.callsPerSecond, limits.callsBurst)
  }

  /** A message, or a batch of them, as it came, of so many bytes. */
  receive(name: unknown, args: readonly unknown[], bytes: number): void {
    try {
      const messages = unpack(name, args, this.ground.limits)
      this.count(messages.length, bytes)
      for (const [each, ...given] of messages) this.take(each, given, Math.ceil(bytes / messages.length))
    } catch (error) {
      this.count(1, bytes)
      this.refuse(undefined, error)
    }
  }

  /** Messages have come, of so many bytes together: a page above its rate is not read out of its turn. */
  count(messages: number, bytes: number): void {
    const { clock } = this.ground
    this.isFast = this.rate.count(messages + bytes / serverLimits.bytesOfCall, clock.now())
    if (this.isFast) this.mayRun()
  }

  private take(name: unknown, args: readonly unknown[], bytes: number): void {
    const { page, pace } = this
    if (page.phase === 'closed') return
    try {
      const { limits } = this.ground
      const up = parseUp(name, args, limits)
      const overtakes = up.type === 'cancel' && page.phase === 'open' && !this.startsLater(up)
      const waiting = page.inbox.length + page.calling.cancelling
      if (waiting >= limits.callsPerTab || pace.refuses(bytes)) return this.refuseSurplus(up)
      if (overtakes && this.mayRun()) return void page.calling.cancel(up)
      page.inbox.add(up, bytes)
    } catch (error) {
      this.refuse(callIdOf(args), error)
    }
  }

  /** No page sends many messages that cannot be read, and to refuse one takes longer than to send it. */
  private refuse(id: number | undefined, error: unknown): void {
    const { page } = this
    page.refuse(id, error)
    if (isHeldStateError(error) && error.code === 'invalid-message') this.unreadable += 1
    if (this.unreadable > guardLimits.unreadableMessages && page.phase === 'open') page.farewell(tooOften(), 0)
  }

  /** A page within its rate is served at once; one above it waits for its turn, and is not read meanwhile. */
  mayRun(): boolean {
    const { fairShare } = this.ground
    const mayRun = !this.isFast || fairShare.mayRun(this)
    if (!mayRun) {
      fairShare.wait(this)
      this.pace.set('turn', true)
    }
    return mayRun
  }

  /** It is this page's turn. */
  drain(): void {
    const { inbox } = this.page
    inbox.drain()
    if (!inbox.isIdle) return
    this.ground.fairShare.leave(this)
    this.pace.set('turn', false)
  }

  /** The connection has ended. */
  end(): void {
    this.pace.end()
    this.ground.fairShare.leave(this)
  }

  private refuseSurplus(up: Up): void {
    const surplus = new HeldStateError(
      'inbox-full',
      `${this.page.inbox.length} calls of this tab wait already, and no more may: the bounds "callsPerTab" and "inboxBytes". Wait for them before you make more.`,
    )
    if (up.type === 'resync') throw surplus
    const refuse = () => {
      throw surplus
    }
    void this.ground.tracked(this.page.calling.once(up.id, refuse, true))
  }

  /** A cancel does not wait behind a long event, but it must not overtake the start that it means. */
  private startsLater({ definition, task }: { definition: string; task: string }): boolean {
    return this.page.inbox.has((up) => up.type === 'call' && up.definition === definition && up.member === task)
  }
}

const tooOften = () =>
  new HeldStateError('invalid-message', 'The page has sent too much that is no message, so its connection is closed.')
