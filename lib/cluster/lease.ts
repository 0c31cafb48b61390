/**
 * The lease of a process: how long other processes take it for alive. Heartbeats renew it several times before it lapses. Once
 * it has lapsed, another process may own what was claimed under it, however soon the next lease begins. A process that loses
 * its connection to the coordinator is declared dead earlier, so it trusts its lease for only a part of the time.
 */
import type { Clock } from '../base/clock.js'
import { processLimits } from '../base/server-limits.js'
import type { RunningTask } from '../store/store.js'
import type { Coordinator } from './coordinator.js'

/** The suffix of the id of a process that can read splices of texts. Ids of earlier versions are hexadecimal. */
const knowsTexts = '.t'

/** A random id of this process, as long as any. */
export const nodeId = (clock: Pick<Clock, 'id'>): string => `${clock.id().slice(0, -knowsTexts.length)}${knowsTexts}`

export interface LeaseOptions {
  readonly coordinator: Coordinator
  readonly clock: Clock
  readonly node: string
  readonly leaseMs: number
  /** Messages may have been lost: the lease had lapsed, or it is time to check. */
  onMessagesLost(): void
  /** The lease had lapsed before it was renewed. */
  onLapsed(): void
  /** Other processes have died. */
  onNodesDied(): void
  warn(message: string, error: unknown): void
}

export class Lease {
  /** Counts leases: a new one begins when the last one has lapsed before it was renewed. */
  epoch = 0
  private readonly options: LeaseOptions
  private alive: ReadonlySet<string> = new Set()
  private endsAt = Number.NEGATIVE_INFINITY
  private trustedUntil = Number.NEGATIVE_INFINITY
  private heartbeats = 0
  /** The last heartbeat that was sent; never rejects. */
  private renewing: Promise<unknown> = Promise.resolve()
  /** The heartbeat that waits for it. */
  private queued: Promise<void> | undefined
  private cancelHeartbeat = () => {}
  private isClosed = false

  constructor(options: LeaseOptions) {
    this.options = options
  }

  async begin(): Promise<void> {
    await this.renew()
    this.scheduleHeartbeat()
  }

  /** Renews the lease, and learns which processes live. One heartbeat at a time: the answer of an earlier one is older. */
  renew(): Promise<void> {
    this.queued ??= this.renewing.then(() => {
      this.queued = undefined
      if (this.isClosed) return
      const heartbeat = this.sendHeartbeat()
      this.renewing = heartbeat.catch(() => {})
      return heartbeat
    })
    return this.queued
  }

  close(): void {
    this.isClosed = true
    this.cancelHeartbeat()
  }

  isAlive(node: string): boolean {
    const { node: own, clock } = this.options
    return node === own ? clock.now() < this.endsAt : this.alive.has(node)
  }

  /** All processes that live can read splices of texts in the store, as far as this one has heard. */
  get knowTexts(): boolean {
    for (const node of this.alive) if (!node.endsWith(knowsTexts)) return false
    return this.heartbeats > 0
  }

  onNodeGone(node: string): void {
    this.alive = new Set([...this.alive].filter((other) => other !== node))
  }

  /** Whether this process still owns what it claimed under the lease `epoch`, as far as it can know without asking. */
  isTrusted(epoch: number | undefined): boolean {
    return epoch === this.epoch && this.options.clock.now() < this.trustedUntil
  }

  /** Processes whose tasks are in one list and not in the other. Tasks of dead processes count as this one's, which adopts them. */
  runNodeChanges(before: readonly RunningTask[], after: readonly RunningTask[], runsPublished: boolean) {
    if (runsPublished && before === after) return unchanged
    const [was, is] = [nodesOf(before), nodesOf(after)]
    const own = this.options.node
    if ([...is].some((node) => node !== own && !this.isAlive(node))) is.add(own)
    if (!runsPublished) was.add(own) // it was to adopt them
    return {
      startedNodes: [...is].filter((node) => !runsPublished || !was.has(node)),
      endedNodes: [...was].filter((node) => !is.has(node)),
    }
  }

  private scheduleHeartbeat(): void {
    const { clock, leaseMs, warn } = this.options
    if (this.isClosed) return
    this.cancelHeartbeat = clock.after(leaseMs / processLimits.beatsPerLease, () => {
      this.renew().then(
        () => this.scheduleHeartbeat(),
        (error) => {
          if (!this.isClosed) warn('Failed to renew the lease of this process; retrying.', error)
          this.scheduleHeartbeat()
        },
      )
    })
  }

  private async sendHeartbeat(): Promise<void> {
    const { coordinator, clock, node, leaseMs, onMessagesLost, onLapsed, onNodesDied } = this.options
    const sentAt = clock.now()
    const trustMs = Math.floor(leaseMs * processLimits.leaseTrustRatio)
    const { alive, lapsed } = await coordinator.heartbeat(node, leaseMs, trustMs)
    const someDied = [...this.alive].some((other) => !alive.includes(other))
    this.alive = new Set(alive)
    const late = lapsed || sentAt >= this.endsAt
    this.endsAt = sentAt + leaseMs
    this.trustedUntil = sentAt + trustMs
    this.heartbeats += 1
    if (late) this.epoch += 1
    if (late && this.epoch > 1) onLapsed()
    if (late || this.heartbeats % processLimits.beatsPerRepair === 0) onMessagesLost()
    if (someDied) onNodesDied()
  }
}

const unchanged: { readonly startedNodes: readonly string[]; readonly endedNodes: readonly string[] } = {
  startedNodes: [],
  endedNodes: [],
}

const nodesOf = (running: readonly RunningTask[]) => new Set(running.map(({ node }) => node))
