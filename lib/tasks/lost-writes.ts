/**
 * The objects that earlier changes of a run have put into the state. The state has copies, so a later change of such an object is lost.
 * In development, the log warns of it.
 */
import type { Log } from '../base/log.js'

/** The number of a run's last transactions that are checked again. */
const most = 20

export class LostWrites {
  private readonly log: Log
  private readonly where: string
  private readonly made: { lost(): readonly string[] }[] = []

  constructor(log: Log, where: string) {
    this.log = log
    this.where = where
  }

  /** A further change begins: earlier ones are checked. */
  next(transaction: { lost(): readonly string[] }): void {
    this.look()
    this.made.push(transaction)
    if (this.made.length > most) this.made.shift()
  }

  look(): void {
    const [first, ...others] = this.made.flatMap((transaction) => transaction.lost())
    if (first === undefined) return
    const more = others.length > 0 ? ` and ${others.length} more` : ''
    this.log.warn(
      `${this.where} changed ${first}${more} through an object assigned in an earlier update() or lock(). The state has its own copy, ` +
        'so the change is lost. In each update, read the value from the state by id or index, and change that.',
    )
  }
}
