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
import { TokenRecord } from '../store/record.js'
import { deaf, type Ears, type Shared, type StateStore, type Stored } from '../store/store.js'
import type { Ledger, Message } from './coordinator.js'
import { Lease } from './lease.js'
import { Losses } from './lost-saves.js'
import { Attendance } from './presence.js'
import { noteSaved } from './replica.js'
import { Replicas } from './replicas.js'
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
  private readonly replicas: Replicas
  private readonly attendance: Attendance
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
    const { node } = this
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
    this.replicas = new Replicas({
      ledger,
      clock,
      node,
      lease: this.lease,
      keep: this,
      ears: () => this.ears,
      ready: () => this.ready(),
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
    return this.replicas.holds(token)
  }

  async load(token: string): Promise<Stored | undefined> {
    await this.ready()
    return this.replicas.claim(token, defaultLimits.lockWaitMs, async () => {
      const stored = this.replicas.of(token).record?.known
      // what it holds it shall trust in; and one that has begun since this node heard last who lives is not dead
      if (!this.holds(token) || stored?.running.some(({ node }) => !this.lease.isAlive(node))) await this.lease.renew()
      return stored
    })
  }

  async read(token: string): Promise<Stored | undefined> {
    const { role, record } = this.replicas.of(token)
    if (role.as === 'follower' || this.holds(token)) return record?.known
    await this.ready()
    return TokenRecord.of(await this.ledger.read(token)).known
  }

  save(token: string, next: Stored): Promise<void> {
    if (this.replicas.ownerOf(token) && !this.closed) return promised(() => this.write(token, next)) // the usual save makes no promise too many
    return this.ready().then(() => {
      if (this.replicas.ownerOf(token) || next.revision > 1) return this.write(token, next)
      return this.replicas.claim(token, undefined, async () => this.write(token, next)) // new: free to save if nobody has
    })
  }

  /** Throws or rejects. */
  private write(token: string, next: Stored): Promise<void> {
    const { role, record: before = TokenRecord.empty } = this.replicas.of(token)
    if (role.as !== 'owner') throw taken()
    refuseStale(before.stored.revision, next.revision)
    const { record, writes } = before.to(next)
    const moved = this.lease.moved(before.stored.running, next.running, role.runsPublished)
    const { node, keepMs } = this
    this.savesMade += 1
    const id = `${node.slice(0, 8)}.${this.savesMade}`
    const save = { id, token, node, fence: role.fence, revision: next.revision, writes, ...moved, keepMs }
    return this.ledger.save(save).then((saved) => {
      if (saved) return noteSaved(this.replicas.of(token), role, record)
      this.replicas.apply(token, { on: 'fenced', role })
      return this.losses.refused(token, before)
    })
  }

  async drop(token: string): Promise<void> {
    await this.replicas.perform(token, { on: 'drop' })
  }

  async unload(token: string): Promise<void> {
    const isKept = this.replicas.of(token).record?.known !== undefined
    await (this.replicas.ownerOf(token) ? this.release(token, false) : this.unfollow(token))
    if (isKept) await this.ledger.touch([token], this.keepMs)
  }

  async release(token: string, follow: boolean): Promise<void> {
    await this.replicas.perform(token, { on: 'release', follow })
  }

  async follow(token: string): Promise<Stored | undefined> {
    await this.ready()
    return this.replicas.follow(token)
  }

  async unfollow(token: string): Promise<void> {
    await this.replicas.perform(token, { on: 'unfollow' })
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
    this.replicas.applyToAll({ on: 'may-be-free' })
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

  private told(message: Message): void {
    if (this.closed) return
    switch (message.type) {
      case 'wanted':
        return this.replicas.apply(message.token, { on: 'handover-requested' })
      case 'granted':
        return this.replicas.apply(message.token, { on: 'may-be-free' })
      case 'changed':
        return this.replicas.apply(message.token, { on: 'changed', ...message })
      case 'gone':
        this.lease.gone(message.node)
        this.replicas.applyToAll({ on: 'may-be-free', holder: message.node })
        return this.ears.missed()
      case 'alone':
        return this.ears.alone(message.token)
      case 'word':
        return this.ears.heard?.(message.word)
    }
  }

  /** Asks for what this node may not have been told. */
  private repair(): void {
    this.replicas.applyToAll({ on: 'missed' })
    this.attendance.sayAgain()
  }

  /** A ledger that is out of reach says so itself, once. */
  private complain(message: string, error: unknown): void {
    const isSaid = isHeldStateError(error) && error.code === 'store-unreachable'
    if (!this.closed && !isSaid) this.log.warn(message, error)
  }
}
