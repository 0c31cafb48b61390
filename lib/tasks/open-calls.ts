/** The calls of a task that have not settled. In development, the log warns of those that the task did not await. */
import type { Log } from '../base/log.js'

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
    const settled = () => void this.open?.delete(call)
    call.then(settled, settled)
    return call
  }

  /** The task has finished: it did not await a call that is still open. */
  close(): void {
    for (const { name, line } of this.open?.values() ?? [])
      this.log.warn(
        `${this.where} ended before its ${name}() finished, so the change is lost. Write \`await ${name}(…)\`, or return its promise.`,
        line,
      )
    this.open = undefined
  }
}
