/**
 * The objects that earlier changes of a run have put into the state. The state has copies, so a later change of such an object is lost.
 * In development, the log warns of it.
 */
import type { Log } from '../base/log.js'

/** The number of a run's last transactions that are checked again. */
const most = 20

export class PutIn {
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
      `${this.where} has changed ${first}${more} by way of the object that an earlier update() or lock() has put in. The state has its own copy since then, ` +
        'so the change is lost. Look the part up in each update, by an id or an index, and change that.',
    )
  }
}
