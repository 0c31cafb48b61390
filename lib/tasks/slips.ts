/** Calls of a task to its lock that somebody has forgotten about: said in the log, in development alone. */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'

const development = process.env.NODE_ENV !== 'production'

export interface SlipGround {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

/** A block that was given out by `lock()`. `await using` looks for its end at once; who writes `const` has forgotten it. */
export class UsingWatch {
  private readonly ground: SlipGround
  private readonly where: string
  private readonly line: Error
  private readonly cancelTimer: () => void
  private isDone = false

  constructor(ground: SlipGround, where: string, line: Error) {
    this.ground = ground
    this.where = where
    this.line = line
    this.cancelTimer = ground.clock.after(fixedLimits.lockHeldMs, () => this.say('still holds the lock'))
  }

  /** Its end was looked for, or the lock is free. */
  done(): void {
    this.isDone = true
    this.cancelTimer()
  }

  /** `what` it does, for people. */
  say(what: string): void {
    if (this.isDone) return
    this.done()
    this.ground.log.warn(
      `${this.where} took the lock by lock() without "using", so it ${what}. Write \`await using held = await lock()\` in a block of its own: the lock ` +
        'is given back at the end of the block, and what was changed is saved.',
      this.line,
    )
  }
}

/** `undefined` in production. To be called in the function that the author calls: the trace names the caller's line. */
export const lineHere = (): Error | undefined => (development ? new Error('This is where it was called.') : undefined)

/** Calls that have not ended. */
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

  /** The task has ended: what is open was awaited by nobody. */
  end(): void {
    for (const { name, line } of this.open?.values() ?? [])
      this.log.warn(
        `${this.where} has ended before its ${name}() had: a task that has ended may write nothing. Write \`await ${name}(…)\`, or return its promise.`,
        line,
      )
    this.open = undefined
  }
}

/** Transactions of a run that are looked at again. */
const most = 20

/** What the earlier changes of a run have put in: the state has copies, and what the author writes to his own is lost. */
export class PutIn {
  private readonly log: Log
  private readonly where: string
  private readonly made: { lost(): readonly string[] }[] = []

  constructor(log: Log, where: string) {
    this.log = log
    this.where = where
  }

  /** A further change begins. */
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
