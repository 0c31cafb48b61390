/**
 * What this tab says in one synchronous stretch of its code goes out as one message, up to the bound of a message. Ten
 * calls cost what one does. It keeps nothing for later: calls that wait for a connection or for an answer are in `calls.ts`, and those that
 * outlive a reload in `kept-calls.ts`.
 */
import type { Json } from '../base/encode.js'
import type { WrittenUp } from '../protocol/written-up.js'

type Written = readonly [name: string, ...args: Json[]]

export class OutgoingQueue {
  /** Of one message. */
  maxBytes = Number.POSITIVE_INFINITY
  private readonly send: (message: Written) => void
  private waiting: WrittenUp[] = []
  private bytes = 0

  constructor(send: (message: Written) => void) {
    this.send = send
  }

  /** Adds a message of so many bytes. */
  add(message: WrittenUp, bytes: number): void {
    if (this.bytes + bytes > this.maxBytes) this.flush()
    if (this.waiting.length === 0) queueMicrotask(() => this.flush())
    this.waiting.push(message)
    this.bytes += bytes
  }

  /** What has not gone out belongs to a connection that is no more. */
  clear(): void {
    this.waiting = []
    this.bytes = 0
  }

  private flush(): void {
    const messages = this.waiting
    this.clear()
    const [first] = messages
    if (!first) return
    this.send(messages.length === 1 ? first : ['batch', messages])
  }
}
