/** Warns, in development, of calls that a task did not await, and of changes to objects that the state has copied. */
import type { Log } from '../base/log.js'

/** The calls of a task that have not settled. */
export class OpenCalls {
  private readonly log: Log
  private readonly where: string
  private open: Map<Promise<unknown>, { readonly name: string; readonly line: Error }> | undefined

  constructor(log: Log, where: string) {
    this.log = log
    this.where = where
  }

  note<T>(name: string, line: Error | undefined, call: Promise<T>): Promise<T> {
    if (!line) return call
    this.open ??= new Map()
    this.open.set(call, { name, line })
    const end = () => void this.open?.delete(call)
    call.then(end, end)
    return call
  }

  /** The task has ended: it did not await a call that is still open. */
  end(): void {
    for (const { name, line } of this.open?.values() ?? [])
      this.log.warn(
        `${this.where} has ended before its ${name}() had: a task that has ended may write nothing. Write \`await ${name}(…)\`, or return its promise.`,
        line,
      )
    this.open = undefined
  }
}

/** The number of a run's last transactions that are checked again. */
const most = 20

/** The objects that earlier changes of a run have put into the state. The state has copies, so a later change of the object is lost. */
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
