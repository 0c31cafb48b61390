/**
 * Calls that have not settled. A call made before the tab is live waits in order and is sent then; one that was on its way
 * when the connection ended fails, because nobody can tell whether it took effect.
 */
import type { Json } from '../base/encode.js'
import { fromFailure, HeldStateError } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import type { Settlement } from '../protocol/down.js'

/** A message that expects a settlement, without its id, and its size. */
export interface Request {
  readonly message: readonly [name: string, ...args: Json[]]
  readonly bytes: number
}

interface Open {
  readonly request: Request
  sent: boolean
  readonly resolve: () => void
  readonly reject: (error: HeldStateError) => void
}

export class Calls {
  private readonly open = new Map<number, Open>()
  private readonly limits: Limits
  private last = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Makes a call; `send` is given if the tab is live. */
  add(request: Request, send: ((id: number, request: Request) => void) | undefined): Promise<void> {
    if (!send && this.open.size >= this.limits.callsWhileOffline)
      return Promise.reject(
        new HeldStateError(
          'offline',
          `This page is not connected, and ${this.open.size} changes wait already. Try again when it is.`,
        ),
      )
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.open.set(id, { request, sent: send !== undefined, resolve, reject })
      send?.(id, request)
    })
  }

  /** The tab is live: sends what has waited. */
  sendWaiting(send: (id: number, request: Request) => void): void {
    for (const [id, call] of this.open) {
      if (call.sent) continue
      call.sent = true
      send(id, call.request)
    }
  }

  settle({ id, failure }: Settlement): void {
    const call = this.open.get(id)
    if (!call) return
    this.open.delete(id)
    if (failure) call.reject(fromFailure(failure))
    else call.resolve()
  }

  /** The connection has ended: fails what was sent, or, with `all`, everything. */
  fail(error: HeldStateError, all: boolean): void {
    for (const [id, call] of this.open) {
      if (!call.sent && !all) continue
      this.open.delete(id)
      call.reject(error)
    }
  }
}
