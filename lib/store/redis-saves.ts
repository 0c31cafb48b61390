/**
 * Saves on their way to a redis. What is saved within one turn of the event loop, of however many tokens, goes as one
 * command: the number of commands is the cost, not their size. A save that is alone goes at once.
 */
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/limits.js'
import type { Save } from './ledger.js'
import type { RedisLink } from './redis-link.js'
import * as scripts from './redis-scripts.js'

/** A save as arguments of its script. */
interface Waiting {
  readonly key: string
  readonly args: readonly string[]
  resolve(saved: boolean): void
  reject(error: unknown): void
}

export class RedisSaves {
  private readonly link: Pick<RedisLink, 'run'>
  private readonly prefix: string
  private readonly clock: Clock
  private waiting: Waiting[] = []
  /** Tells a save that is sent again from another one of the same revision. */
  private readonly numbers = new WeakMap<Save, number>()
  private last = 0
  private underWay = 0

  constructor(link: Pick<RedisLink, 'run'>, prefix: string, clock: Clock) {
    this.link = link
    this.prefix = prefix
    this.clock = clock
  }

  /** Whether it was kept. */
  add(save: Save): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiting = {
        key: `${this.prefix}t:${save.token}`,
        args: argumentsOf(save, this.numberOf(save)),
        resolve,
        reject,
      }
      if (this.underWay === 0) return void this.send([waiting])
      if (this.waiting.length === 0) this.clock.turn(() => this.flush())
      this.waiting.push(waiting)
    })
  }

  private numberOf(save: Save): number {
    const known = this.numbers.get(save)
    if (known) return known
    this.last += 1
    this.numbers.set(save, this.last)
    return this.last
  }

  /** In stretches, since a redis does nothing else meanwhile. */
  private flush(): void {
    const all = this.waiting
    this.waiting = []
    let begin = 0
    let size = 0
    for (const [index, { args }] of all.entries()) {
      const next = args.length
      if (index > begin && size + next > fixedLimits.argumentsAtOnce) {
        void this.send(all.slice(begin, index))
        begin = index
        size = 0
      }
      size += next
    }
    void this.send(all.slice(begin))
  }

  private async send(saves: readonly Waiting[]): Promise<void> {
    this.underWay += 1
    try {
      const args = [this.prefix, '']
      for (const save of saves) for (const each of save.args) args.push(each)
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

function argumentsOf({ node, fence, keepMs, revision, writes, began, ended }: Save, number: number): string[] {
  const texts: string[] = []
  const removed: string[] = []
  for (const key in writes) {
    const text = writes[key] as string | null
    if (text === null) removed.push(`=${key}`)
    else texts.push(`=${key}`, text)
  }
  const counts = [2 + texts.length / 2, removed.length, began.length, ended.length].map(String)
  const meta = ['!r', `${revision}`, '!s', `${number}`]
  return [node, `${fence}`, `${keepMs}`, ...counts, ...meta, ...texts, ...removed, ...began, ...ended]
}
