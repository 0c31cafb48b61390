/**
 * The shared store: one node's side of a ledger. A node holds a token over many events, so the usual event costs one write
 * and no lock; it gives the token up when another asks. Whoever was taken for dead can write nothing to what others hold now.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { promised } from '../base/eventually.js'
import { defaultLimits } from '../base/limits.js'
import { consoleLog, type Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import { refuseStale, taken } from '../store/errors.js'
import { type Known, TokenRecord } from '../store/record.js'
import { deaf, type Ears, type Shared, type StateStore, type Stored } from '../store/store.js'
import { Claims, type Held } from './claims.js'
import type { Ledger, Message } from './coordinator.js'
import { Following } from './following.js'
import { Lease } from './lease.js'
import { Losses } from './lost-saves.js'
import { Attendance } from './presence.js'
import type { SharedStoreOptions } from './shared-options.js'

export function sharedStore(options: SharedStoreOptions): SharedStore {
  return new SharedStore(options)
}

export class SharedStore implements StateStore, Shared {
  readonly shared: Shared = this
  readonly node: string
  readonly leaseMs: number
  keepMs: number
  private readonly isKeepGiven: boolean
  private readonly ledger: Ledger
  private readonly clock: Clock
  private readonly log: Log
  private ears = deaf
  /** What this node knows of the tokens that it holds or follows. */
  private readonly records = new Map<string, TokenRecord>()
  private readonly held = new Map<string, Held>()
  private readonly following: Following
  private readonly attendance: Attendance
  private readonly claims: Claims
  private readonly lease: Lease
  private readonly losses: Losses
  private savesMade = 0
  readonly attended = (token: string): Promise<boolean> => this.ready().then(() => this.ledger.attended(token))
  private opening: Promise<void> | undefined
  private closed = false

  constructor({ ledger, clock, log = consoleLog, leaseMs, keepMs }: SharedStoreOptions) {
    this.ledger = ledger
    this.clock = clock
    this.log = log
    this.leaseMs = leaseMs
    this.keepMs = keepMs ?? defaultLimits.keepMs
    this.isKeepGiven = keepMs !== undefined
    this.node = clock.id()
    const { node, records } = this
    this.claims = new Claims({
      ledger,
      clock,
      node,
      keep: this,
      records,
      lease: () => this.lease.number,
      hold: (token, held, record) => this.hold(token, held, record),
      wanted: (token) => this.ears.wanted(token),
    })
    this.following = new Following({
      ledger,
      node,
      keep: this,
      records,
      changed: (token, stored) => this.ears.changed(token, stored),
      quietly: (work) => this.quietly(work),
    })
    this.attendance = new Attendance({
      ledger,
      node,
      keep: this,
      ready: () => this.ready(),
      complain: (message, error) => this.complain(message, error),
    })
    this.losses = new Losses(ledger, clock, log)
    this.lease = new Lease({
      ledger,
      clock,
      node,
      leaseMs,
      repair: () => this.repair(),
      lapsed: () => this.ears.lapsed(),
      died: () => this.ears.missed(),
      complain: (message, error) => this.complain(message, error),
    })
  }

  open(): Promise<void> {
    return (this.opening ??= this.begin())
  }

  private async begin(): Promise<void> {
    try {
      await this.ledger.join(this.node, {
        told: (message) => this.told(message),
        missed: () => {
          this.repair()
          this.ears.missed()
        },
        trouble: (reachable) => this.ears.trouble?.(reachable),
      })
      await this.lease.begin()
    } catch (error) {
      this.opening = undefined // whoever asks next tries again
      throw error
    }
  }

  listen(ears: Ears, keepMs = this.keepMs): void {
    if (!this.isKeepGiven) this.keepMs = keepMs
    this.ears = ears
  }

  isAlive(node: string): boolean {
    return this.lease.isAlive(node)
  }

  holds(token: string): boolean {
    return this.lease.covers(this.held.get(token)?.lease)
  }

  async load(token: string): Promise<Stored | undefined> {
    await this.ready()
    return this.claims.during(token, async () => {
      const stored = await this.claims.untilHeld(token)
      // what it holds it shall trust in; and one that has begun since this node heard last who lives is not dead
      if (!this.holds(token) || stored?.running.some(({ node }) => !this.lease.isAlive(node))) await this.lease.renew()
      return stored
    })
  }

  private hold(token: string, held: Held, record: TokenRecord): void {
    this.held.set(token, held)
    this.following.end(token)
    this.records.set(token, record)
  }

  private know(token: string, known: Known, before: TokenRecord | undefined): Stored | undefined {
    const record = TokenRecord.of(known, before)
    this.records.set(token, record)
    return record.known
  }

  async read(token: string): Promise<Stored | undefined> {
    if (this.holds(token) || this.following.has(token)) return this.records.get(token)?.known
    await this.ready()
    return TokenRecord.of(await this.ledger.read(token)).known
  }

  save(token: string, next: Stored): Promise<void> {
    if (this.held.has(token) && !this.closed) return promised(() => this.write(token, next)) // the usual save makes no promise too many
    return this.ready().then(() => {
      if (this.held.has(token) || next.revision > 1) return this.write(token, next)
      return this.claims.during(token, () => this.writeNew(token, next))
    })
  }

  /** Throws or rejects. */
  private write(token: string, next: Stored): Promise<void> {
    const held = this.held.get(token)
    const before = this.records.get(token) ?? TokenRecord.empty
    if (!held) throw taken()
    refuseStale(before.stored.revision, next.revision)
    const { record, writes } = before.to(next)
    const moved = this.lease.moved(before.stored.running, next.running, held.said)
    const { node, keepMs } = this
    this.savesMade += 1
    const id = `${node.slice(0, 8)}.${this.savesMade}`
    const save = { id, token, node, fence: held.fence, revision: next.revision, writes, ...moved, keepMs }
    return this.ledger.save(save).then((saved) => {
      if (!saved) {
        if (this.held.get(token) === held) this.forget(token)
        return this.losses.refused(token, before)
      }
      held.said = true
      this.records.set(token, record)
    })
  }

  /** A token that this handle has not loaded: it is free to save if nobody has. */
  private async writeNew(token: string, next: Stored): Promise<void> {
    if (!(await this.claims.once(token))) throw taken()
    return this.write(token, next)
  }

  async drop(token: string): Promise<void> {
    await this.ready()
    const [held, followed] = [this.held.get(token), this.following.has(token)]
    this.forget(token)
    if (held) await this.ledger.drop(token, this.node, held.fence)
    else if (followed) await this.ledger.unfollow(token, this.node)
  }

  async unload(token: string): Promise<void> {
    const known = this.records.get(token)?.known
    await (this.held.has(token) ? this.release(token, false) : this.unfollow(token))
    if (known) await this.ledger.touch([token], this.keepMs)
  }

  async release(token: string, follow: boolean): Promise<void> {
    const record = this.records.get(token)
    this.forget(token)
    if (follow && record) {
      this.records.set(token, record)
      this.following.begin(token)
    }
    await this.ready()
    await this.ledger.release(token, this.node, follow)
  }

  async follow(token: string): Promise<Stored | undefined> {
    await this.ready()
    for (;;) {
      if (this.holds(token)) return this.records.get(token)?.known
      const held = this.held.get(token)
      const before = this.records.get(token)
      const { known, holds, newest } = await this.following.ask(token, before)
      if (held !== this.held.get(token) || before !== this.records.get(token)) continue // it has changed meanwhile
      if (holds && !held) {
        // nobody here asked for it, or the answer to who did is on its way
        await (this.claims.ended(token) ?? this.ledger.release(token, this.node, false))
        continue
      }
      if (!holds) {
        this.held.delete(token)
        this.following.begin(token)
      }
      const stored = this.know(token, known, before)
      if (holds || (stored?.revision ?? 0) >= newest) return stored
    }
  }

  async unfollow(token: string): Promise<void> {
    if (this.following.has(token)) await this.drop(token)
  }

  attend(token: string, here: boolean): void {
    this.attendance.say(token, here)
  }

  ofBrowser(browser: string): Promise<readonly string[]> {
    return this.ready().then(() => this.ledger.ofBrowser(browser))
  }

  tellOthers(word: string): Promise<void> {
    return this.ready().then(() => this.ledger.tellOthers(this.node, word))
  }

  aloneMs(token: string): Promise<number | undefined> {
    return this.ready().then(() => this.ledger.aloneMs(token, this.node))
  }

  /** The ledger forgets by itself what is not in use. */
  async unused(inUse: Iterable<string>): Promise<readonly string[]> {
    await this.ready()
    await this.ledger.touch([...inUse], this.keepMs)
    return []
  }

  orphans(): Promise<readonly string[]> {
    return this.ready().then(() => this.ledger.orphans(this.node, fixedLimits.orphansAtOnce))
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.lease.end()
    this.claims.wakeAll()
    if (this.opening) await this.leave()
    await this.ledger.close()
  }

  private leave(): Promise<void> {
    let cancelTimer = () => {} // within a bound: its lease ends in any case
    const late = new Promise<void>((resolve) => {
      cancelTimer = this.clock.after(fixedLimits.storeTroubleMs, resolve)
    })
    return Promise.race([this.ledger.leave(this.node).catch(() => {}), late]).finally(cancelTimer)
  }

  private ready(): Promise<void> {
    if (this.closed) return Promise.reject(new HeldStateError('hub-closed', 'The store is closed.'))
    return this.open()
  }

  private forget(token: string): void {
    this.held.delete(token)
    this.following.end(token)
    this.records.delete(token)
  }

  private told(message: Message): void {
    if (this.closed) return
    switch (message.type) {
      case 'wanted':
        return this.wanted(message.token)
      case 'granted':
        return this.claims.wake(message.token)
      case 'gone':
        this.lease.gone(message.node)
        this.claims.wakeAll(message.node)
        return this.ears.missed()
      case 'changed':
        return this.changed(message)
      case 'alone':
        return this.ears.alone(message.token)
      case 'word':
        return this.ears.heard?.(message.word)
    }
  }

  private wanted(token: string): void {
    if (this.claims.noteWanted(token)) return
    if (this.held.has(token)) this.ears.wanted(token)
    else this.quietly(this.ledger.release(token, this.node, this.following.has(token))) // granted to who waits no more
  }

  private changed(message: Message & { type: 'changed' }, { token } = message): void {
    if (this.following.told(message) || this.held.has(token) || this.claims.has(token)) return
    this.quietly(this.ledger.unfollow(token, this.node))
  }

  /** Asks for what this node may not have been told. */
  private repair(): void {
    this.claims.wakeAll()
    this.following.repair()
    this.attendance.sayAgain()
  }

  private quietly(work: Promise<void>): void {
    work.catch((error) =>
      this.complain('Other processes could not be asked for a change; they are asked again.', error),
    )
  }

  /** A ledger that is out of reach says so itself, once. */
  private complain(message: string, error: unknown): void {
    const isSaid = isHeldStateError(error) && error.code === 'store-unreachable'
    if (!this.closed && !isSaid) this.log.warn(message, error)
  }
}
