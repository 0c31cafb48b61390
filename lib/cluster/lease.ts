/**
 * The lease of a node: for how long the others take it to live. It is renewed several times before it ends. What was held
 * under a lease that has ended may be another's, however soon it is renewed after that. Who has lost the connection to the
 * ledger is taken for dead earlier, so a node trusts in its lease for a part of it alone.
 */
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/server-limits.js'
import type { RunningTask } from '../store/store.js'
import type { Ledger } from './coordinator.js'

export interface LeaseParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly node: string
  readonly leaseMs: number
  /** The lease had ended, or it is time to ask for what nobody may have told. */
  repair(): void
  /** A lease before this one had ended. */
  lapsed(): void
  /** Nodes have died. */
  died(): void
  complain(message: string, error: unknown): void
}

export class Lease {
  /** Counts leases: the next begins when one has ended before it was renewed. */
  number = 0
  private readonly parts: LeaseParts
  private alive: ReadonlySet<string> = new Set()
  private endsAt = Number.NEGATIVE_INFINITY
  private trustedUntil = Number.NEGATIVE_INFINITY
  private beats = 0
  /** The renewal that was sent last; never rejects. */
  private renewing: Promise<unknown> = Promise.resolve()
  /** One that waits for it. */
  private asking: Promise<void> | undefined
  private cancelBeat = () => {}
  private over = false

  constructor(parts: LeaseParts) {
    this.parts = parts
  }

  async begin(): Promise<void> {
    await this.renew()
    this.beatLater()
  }

  /** Renews it, and knows who lives now. They go one after the other: the answer of an earlier one says less. */
  renew(): Promise<void> {
    this.asking ??= this.renewing.then(() => {
      this.asking = undefined
      if (this.over) return // it has left
      const beat = this.beat()
      this.renewing = beat.catch(() => {})
      return beat
    })
    return this.asking
  }

  end(): void {
    this.over = true
    this.cancelBeat()
  }

  isAlive(node: string): boolean {
    const { node: own, clock } = this.parts
    return node === own ? clock.now() < this.endsAt : this.alive.has(node)
  }

  gone(node: string): void {
    this.alive = new Set([...this.alive].filter((other) => other !== node))
  }

  /** Whether what was held under a lease is held still, as far as this node can know. */
  covers(number: number | undefined): boolean {
    return number === this.number && this.parts.clock.now() < this.trustedUntil
  }

  /** The nodes whose tasks are in one list and not in the other. Those of the dead are this node's to take over. */
  moved(before: readonly RunningTask[], after: readonly RunningTask[], said: boolean) {
    if (said && before === after) return unmoved
    const [was, is] = [nodesOf(before), nodesOf(after)]
    const own = this.parts.node
    if ([...is].some((node) => node !== own && !this.isAlive(node))) is.add(own)
    if (!said) was.add(own) // what it was to take over
    return { began: [...is].filter((node) => !said || !was.has(node)), ended: [...was].filter((node) => !is.has(node)) }
  }

  private beatLater(): void {
    const { clock, leaseMs, complain } = this.parts
    if (this.over) return
    this.cancelBeat = clock.after(leaseMs / fixedLimits.beatsPerLease, () => {
      this.renew().then(
        () => this.beatLater(),
        (error) => {
          if (!this.over) complain('The lease of this process could not be renewed; it is tried again.', error)
          this.beatLater()
        },
      )
    })
  }

  private async beat(): Promise<void> {
    const { ledger, clock, node, leaseMs, repair, lapsed: onLapse, died } = this.parts
    const sentAt = clock.now()
    const trustMs = Math.floor(leaseMs * fixedLimits.trustOfLease)
    const { alive, lapsed } = await ledger.beat(node, leaseMs, trustMs)
    const someDied = [...this.alive].some((other) => !alive.includes(other))
    this.alive = new Set(alive)
    const late = lapsed || sentAt >= this.endsAt
    this.endsAt = sentAt + leaseMs
    this.trustedUntil = sentAt + trustMs
    this.beats += 1
    if (late) this.number += 1
    if (late && this.number > 1) onLapse()
    if (late || this.beats % fixedLimits.beatsPerRepair === 0) repair()
    if (someDied) died()
  }
}

const unmoved: { readonly began: readonly string[]; readonly ended: readonly string[] } = { began: [], ended: [] }

const nodesOf = (running: readonly RunningTask[]) => new Set(running.map(({ node }) => node))
