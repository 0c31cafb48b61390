/** What an attack is, and where it takes place: it opens what it likes, and the scene closes all of it. */
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { type Answer, ask, type Origin, RawPage, type RequestMade, tcp } from './raw.js'

/** What an attack came to, as far as the attacker can see. */
export interface Outcome {
  /** For people: how much of it there was. */
  readonly done: string
  /** Tabs of which a call has reached a handler: these may be in the store. */
  readonly acted?: number
  /** Bytes that these tabs may leave in a store that is in memory. */
  readonly keptBytes?: number
  /** What the server should not have done. */
  readonly faults?: readonly string[]
}

export interface Attack {
  /** The row of the issue, and a word: `C2-unread`. */
  readonly name: string
  /** What is done, in one line. */
  readonly title: string
  run(scene: Scene): Promise<Outcome>
  /** The author's own code holds the thread: times are not judged, and the log must name the handler. */
  readonly holdsThread?: boolean
  /** What the log must name while it lasts or soon after. */
  readonly named?: RegExp
  /** Milliseconds that all of it takes at least. */
  readonly leastMs?: number
  /** Bytes that may be alive, beside those of before, while all that it has opened is open; without, what any attack may have. */
  readonly heldBytes?: number
  /** What it has put into the store stays for a day, and takes its room from the attacks that follow: they get another process. */
  readonly fills?: boolean
  /** Sessions of the hub that it may have at most; not judged without. */
  readonly sessions?: number
}

export class Scene implements Origin {
  readonly port: number
  readonly address: string
  /** Of the whole attack: 1, or a small part of it in the tests. */
  readonly scale: number
  private readonly closes = new Set<() => void>()
  private readonly end: number

  constructor(port: number, address: string, ms: number, scale: number) {
    this.port = port
    this.address = address
    this.scale = scale
    this.end = performance.now() + ms
  }

  /** Time is left. */
  get on(): boolean {
    return performance.now() < this.end
  }

  /** So many, or a part of them in the tests. */
  some(count: number, least = 1): number {
    return Math.max(least, Math.ceil(count * this.scale))
  }

  readonly add = (close: () => void): void => {
    this.closes.add(close)
  }

  page(cookie?: string, path?: string): RawPage {
    return new RawPage(this, cookie, path)
  }

  /** A page that has been welcomed. */
  async entered(watch: readonly string[] = [], cookie?: string): Promise<RawPage> {
    const page = this.page(cookie)
    await page.enter({ watch })
    return page
  }

  tcp(): Socket {
    return tcp(this)
  }

  ask(made: RequestMade, begun?: Parameters<typeof ask>[2]): Promise<Answer> {
    return ask(this, made, begun)
  }

  pause(ms: number): Promise<void> {
    return setTimeout(ms)
  }

  /** Waits until the time is over. */
  async rest(): Promise<void> {
    await setTimeout(Math.max(0, this.end - performance.now()))
  }

  /** Does `work` `count` times, `atOnce` under way, for as long as there is time; how often it was done. */
  async each(count: number, atOnce: number, work: (at: number) => Promise<unknown>): Promise<number> {
    let next = 0
    let done = 0
    const lane = async () => {
      while (next < count && this.on) {
        const at = next
        next += 1
        await work(at)
        done += 1
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane))
    return done
  }

  close(): void {
    for (const close of this.closes) close()
    this.closes.clear()
  }
}
