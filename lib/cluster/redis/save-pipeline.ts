/**
 * Saves on their way to a redis. All saves of one turn of the event loop are sent as one command: the number of commands is the
 * cost, not their size. A single save is sent at once.
 */
import type { Clock } from '../../base/clock.js'
import { processLimits } from '../../base/server-limits.js'
import type { Save } from '../coordinator.js'
import type { RedisConnection } from './connection.js'
import * as scripts from './scripts.js'

/** A save as the text for its script, and nothing else: many are under way at a time. */
interface QueuedSave {
  readonly node: string
  readonly retainMs: number
  readonly key: string
  readonly text: string
  /** Arguments in the text. */
  readonly size: number
  resolve(saved: boolean): void
  reject(error: unknown): void
}

export class SavePipeline {
  private readonly connection: Pick<RedisConnection, 'run'>
  private readonly prefix: string
  private readonly clock: Clock
  private queue: QueuedSave[] = []
  private inFlight = 0

  constructor(link: Pick<RedisConnection, 'run'>, prefix: string, clock: Clock) {
    this.connection = link
    this.prefix = prefix
    this.clock = clock
  }

  /** Resolves with whether it was written. */
  add(save: Save): Promise<boolean> {
    const { node, retainMs } = save
    const { text, size } = encodeSave(save)
    const key = `${this.prefix}t:${save.token}`
    return new Promise((resolve, reject) => {
      const waiting = { node, retainMs, key, text, size, resolve, reject }
      if (this.inFlight === 0) return void this.send([waiting])
      if (this.queue.length === 0) this.clock.turn(() => this.flush())
      this.queue.push(waiting)
    })
  }

  /** Splits them, since a redis does nothing else while it runs a script. */
  private flush(): void {
    const all = this.queue
    this.queue = []
    let begin = 0
    let size = 0
    for (const [index, next] of all.entries()) {
      const first = all[begin]
      const isFull = size + next.size > processLimits.argumentsAtOnce
      if (index > begin && (isFull || next.node !== first?.node || next.retainMs !== first.retainMs)) {
        void this.send(all.slice(begin, index))
        begin = index
        size = 0
      }
      size += next.size
    }
    void this.send(all.slice(begin))
  }

  private async send(saves: readonly QueuedSave[]): Promise<void> {
    this.inFlight += 1
    try {
      const { node = '', retainMs = 0 } = saves[0] ?? {}
      // one argument: the client needs as long for a short argument as for this one
      const list = saves.map(({ text }) => text).join(scripts.separator)
      const args = [this.prefix, node, `${retainMs}`, list]
      const saved = (await this.connection.run(
        scripts.save,
        saves.map(({ key }) => key),
        args,
      )) as number[]
      for (const [index, { resolve }] of saves.entries()) resolve(saved[index] === 1)
    } catch (error) {
      const [first] = saves
      if (saves.length === 1) first?.reject(error)
      else for (const save of saves) void this.send([save]) // one of them may be refused; those that were written are recognised
    } finally {
      this.inFlight -= 1
    }
  }
}

function encodeSave({
  id,
  fence,
  revision,
  writes,
  startedNodes: began,
  endedNodes: ended,
}: Save): Pick<QueuedSave, 'text' | 'size'> {
  const args = ['', '', `${began.length}`, `${ended.length}`]
  const removed: string[] = []
  for (const [key, text] of Object.entries(writes)) {
    if (text === null) removed.push(`=${key}`)
    else args.push(`=${key}`, text)
  }
  args[0] = `${args.length / 2 - 2}`
  args[1] = `${removed.length}`
  for (const list of [removed, began, ended]) for (const each of list) args.push(each)
  return { text: [fence, revision, id, ...args].join(scripts.separator), size: args.length + 3 }
}
