/** Starts that are saved and wait for a place, because the process runs as many tasks as it may. First in, first out. */
import type { TaskStart } from './task-start.js'

export class Backlog {
  private readonly starts = new Set<TaskStart>()
  /** The number of starts, by token. */
  private readonly tokens = new Map<string, number>()

  get size(): number {
    return this.starts.size
  }

  has(token: string): boolean {
    return this.tokens.has(token)
  }

  add(start: TaskStart): void {
    this.starts.add(start)
    this.tokens.set(start.token, (this.tokens.get(start.token) ?? 0) + 1)
  }

  /** Removes the start that has waited longest. */
  take(): TaskStart | undefined {
    const [first] = this.starts
    if (!first) return undefined
    this.starts.delete(first)
    const left = (this.tokens.get(first.token) ?? 1) - 1
    if (left > 0) this.tokens.set(first.token, left)
    else this.tokens.delete(first.token)
    return first
  }
}
