/**
 * Saves on their way to a redis. What is saved within one turn of the event loop, of however many tokens, goes as one
 * command: the number of commands is the cost, not their size. A save that is alone goes at once.
 */
import type { Clock } from '../../base/clock.js'
import { fixedLimits } from '../../base/server-limits.js'
import type { Save } from '../coordinator.js'
import type { RedisLink } from './connection.js'
import * as scripts from './scripts.js'

/** A save as texts for its script, and nothing else of it: many are on their way at a time. */
interface Waiting {
  readonly node: string
  readonly keepMs: number
  readonly key: string
  readonly text: string
  /** Arguments that the text holds. */
  readonly size: number
  resolve(saved: boolean): void
  reject(error: unknown): void
}

export class RedisSaves {
  private readonly link: Pick<RedisLink, 'run'>
  private readonly prefix: string
  private readonly clock: Clock
  private waiting: Waiting[] = []
  private underWay = 0

  constructor(link: Pick<RedisLink, 'run'>, prefix: string, clock: Clock) {
    this.link = link
    this.prefix = prefix
    this.clock = clock
  }

  /** Whether it was kept. */
  add(save: Save): Promise<boolean> {
    const { node, keepMs } = save
    const { text, size } = written(save)
    const key = `${this.prefix}t:${save.token}`
    return new Promise((resolve, reject) => {
      const waiting = { node, keepMs, key, text, size, resolve, reject }
      if (this.underWay === 0) return void this.send([waiting])
      if (this.waiting.length === 0) this.clock.turn(() => this.flush())
      this.waiting.push(waiting)
    })
  }

  /** In stretches, since a redis does nothing else meanwhile. */
  private flush(): void {
    const all = this.waiting
    this.waiting = []
    let begin = 0
    let size = 0
    for (const [index, next] of all.entries()) {
      const first = all[begin]
      const isFull = size + next.size > fixedLimits.argumentsAtOnce
      if (index > begin && (isFull || next.node !== first?.node || next.keepMs !== first.keepMs)) {
        void this.send(all.slice(begin, index))
        begin = index
        size = 0
      }
      size += next.size
    }
    void this.send(all.slice(begin))
  }

  private async send(saves: readonly Waiting[]): Promise<void> {
    this.underWay += 1
    try {
      const { node = '', keepMs = 0 } = saves[0] ?? {}
      // as one argument: the client takes as long for each of them as for all that stands in it
      const list = saves.map(({ text }) => text).join(scripts.separator)
      const args = [this.prefix, node, `${keepMs}`, list]
      const saved = (await this.link.run(
        scripts.save,
        saves.map(({ key }) => key),
        args,
      )) as number[]
      for (const [index, { resolve }] of saves.entries()) resolve(saved[index] === 1)
    } catch (error) {
      const [first] = saves
      if (saves.length === 1) first?.reject(error)
      else for (const save of saves) void this.send([save]) // it may be the fault of one; those that were kept are known
    } finally {
      this.underWay -= 1
    }
  }
}

function written({ id, fence, revision, writes, began, ended }: Save): Pick<Waiting, 'text' | 'size'> {
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
