/**
 * A server and its honest neighbour, and one attack on them at a time: what the neighbour felt before, during and after it,
 * and what is left of it. A server that died or hangs is started again for the next attack.
 */
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type Child, child } from '../child.js'
import type { Ordered } from './attacker.js'
import type { Clicks } from './neighbour.js'
import type { Attack, Outcome } from './scene.js'
import type { Memory, Started } from './server.js'

export interface Pace {
  /** Milliseconds of each phase. */
  readonly beforeMs: number
  readonly duringMs: number
  /** What of it is judged at least, where the attack has ended before. */
  readonly leastMs: number
  readonly afterMs: number
  /** Milliseconds in which memory must be back. */
  readonly settleMs: number
  /** Milliseconds for an answer of a process of ours, or to a click: a loop that hangs gives none. */
  readonly answerMs: number
  /** Of each attack: 1, or a small part. */
  readonly scale: number
  readonly server: Started
  /** Bytes of the view that a page asks for again and again. */
  readonly stateBytes?: number
}

export interface Delay {
  readonly p99: number
  readonly max: number
}

export interface Phase extends Clicks {
  readonly delay: Delay
}

export interface Result {
  readonly attack: string
  readonly outcome: Outcome | undefined
  readonly before: Phase
  readonly during: Phase
  readonly after: Phase
  readonly atFirst: Memory
  /** While all that the attacker has opened is open. */
  readonly held: Memory
  /** Once memory was back, or the time for that was over. */
  readonly atLast: Memory
  /** Milliseconds from the end of the attack until memory was back; none if it was not in time. */
  readonly backMs: number | undefined
  /** Bytes of memory that the process had at most while the attack lasted, as Linux counts them; elsewhere 0. */
  readonly peakRss: number
  /** Milliseconds until a newcomer was welcomed while the attack lasted, and after it. */
  readonly newcomers: readonly (number | undefined)[]
  /** What the log said. */
  readonly lines: readonly string[]
  /** What the neighbour has lost. */
  readonly lost: readonly string[]
  /** Bytes that memory may have grown by. */
  readonly allowed: number
  /** Tokens that may have come to the store: of tabs that called, also in an earlier attack, since it is told of some only when they have gone. */
  readonly allowedTokens: number
}

/** What keeps a figure from being had: the process has died, or does not answer. */
export class Fallen extends Error {}

export class Stage {
  private readonly pace: Pace
  private readonly env: Record<string, string>
  private server: Child | undefined
  private neighbour: Child | undefined
  private attacker: Child | undefined
  private port = 0
  /** Tokens that the store had at first, and tabs that have called since. */
  private tokensAtStart = 0
  private acted = 0
  /** Bytes that the server wrote to stdout and stderr. */
  private written = 0
  private lastWords = ''

  constructor(pace: Pace, library: 'source' | 'dist') {
    this.pace = pace
    this.env = {
      NODE_ENV: 'production',
      ATTACK_LIBRARY: library,
      ATTACK_STATE: String(pace.stateBytes ?? 478_000),
    }
  }

  async start(): Promise<void> {
    const { env } = this
    const server = child(new URL('./server.ts', import.meta.url), [], {
      node: ['--max-old-space-size=512'],
      env,
      silent: true,
    })
    this.server = server
    const hear = (text: Buffer) => {
      this.written += text.length
      this.lastWords = (this.lastWords + text).slice(-10_000)
    }
    server.process.stdout?.on('data', hear)
    server.process.stderr?.on('data', hear)
    this.port = await this.asked<number>(server, 'listen', this.pace.server)
    const neighbour = child(new URL('./neighbour.ts', import.meta.url), [], { env })
    this.neighbour = neighbour
    if (!(await this.asked<boolean>(neighbour, 'open', this.port))) throw new Fallen('the neighbour got no welcome')
    await setTimeout(Math.min(1_000, this.pace.beforeMs)) // warms up
    this.tokensAtStart = (await this.memory(server)).tokens
    this.acted = 0
  }

  get running(): boolean {
    return this.server !== undefined && this.server.process.exitCode === null && this.server.process.signalCode === null
  }

  /** Ends all processes, however they stand. */
  async end(): Promise<void> {
    const all = [this.server, this.neighbour, this.attacker]
    this.server = this.neighbour = this.attacker = undefined
    await Promise.all(all.map(ended))
  }

  /** Runs one attack. Throws `Fallen` if the server did. */
  async run(attack: Attack): Promise<Result> {
    const { pace } = this
    if (!this.running) {
      await this.end()
      await this.start()
    }
    const [server, neighbour] = [this.server as Child, this.neighbour as Child]
    const phase = async (): Promise<Phase> => {
      const clicks = await this.asked<Clicks>(neighbour, 'figures')
      return { ...clicks, delay: await this.asked<Delay>(server, 'delay') }
    }
    await this.asked(server, 'log')
    const atFirst = await this.memory(server)
    await setTimeout(Math.min(300, pace.beforeMs)) // what the collection held up
    await this.begin(server, neighbour)
    await setTimeout(pace.beforeMs)
    const before = await phase()

    await this.begin(server, neighbour)
    this.attacker ??= child(new URL('./attacker.ts', import.meta.url), [], { env: this.env })
    const { attacker } = this
    const ms = Math.max(pace.duringMs, (attack.leastMs ?? 0) * pace.scale)
    const ordered: Ordered = { attack: attack.name, port: this.port, ms, scale: pace.scale }
    let outcome: Outcome
    let during: Phase
    let held: Memory
    let newcomer: number | undefined
    let peakRss = 0
    const begunAt = performance.now()
    const look = setInterval(() => {
      peakRss = Math.max(peakRss, rssOf(server))
    }, 100)
    try {
      outcome = await this.asked<Outcome>(
        attacker,
        'run',
        ordered,
        ms + pace.answerMs + 10_000 * Math.max(pace.scale, 0.5),
      )
      await setTimeout(Math.max(0, pace.leastMs - (performance.now() - begunAt))) // a burst is over in a moment, in which nobody has clicked twice
      during = await phase()
      held = await this.memory(server)
      newcomer = await this.asked<number | undefined>(neighbour, 'newcomer', pace.answerMs / 2)
    } catch (error) {
      this.attacker = undefined
      await ended(attacker)
      throw error
    } finally {
      clearInterval(look)
    }
    await this.asked(attacker, 'leave')
    this.acted += outcome.acted ?? 0
    const allowedTokens = this.acted - (atFirst.tokens - this.tokensAtStart)

    const endedAt = performance.now()
    await setTimeout(Math.min(500, pace.afterMs))
    await this.begin(server, neighbour)
    await setTimeout(pace.afterMs)
    const after = await phase()
    const later = await this.asked<number | undefined>(neighbour, 'newcomer', pace.answerMs / 2)

    const kept = pace.server.store === 'memory' ? (outcome.keptBytes ?? 0) : 0
    const allowed = Math.max(atFirst.live * 0.2, 10_000_000) + kept
    let atLast = await this.memory(server)
    while (!isBack(atFirst, atLast, allowedTokens, allowed) && performance.now() - endedAt < pace.settleMs) {
      await setTimeout(Math.min(5_000, pace.settleMs / 10))
      atLast = await this.memory(server)
    }
    const backMs = isBack(atFirst, atLast, allowedTokens, allowed) ? performance.now() - endedAt : undefined
    const lost = await this.asked<string[]>(neighbour, 'check', pace.answerMs, 2 * pace.answerMs)
    return {
      attack: attack.name,
      outcome,
      before,
      during,
      after,
      atFirst,
      held,
      atLast,
      backMs,
      peakRss,
      newcomers: [newcomer, later],
      lines: await this.asked<string[]>(server, 'log'),
      lost,
      allowed,
      allowedTokens,
    }
  }

  /** What is logged goes to a port; what a process writes beside that counts as well. */
  private async memory(server: Child): Promise<Memory> {
    const memory = await this.asked<Memory>(server, 'memory')
    return { ...memory, logBytes: memory.logBytes + this.written }
  }

  private async begin(server: Child, neighbour: Child): Promise<void> {
    await this.asked(server, 'delay')
    await this.asked(neighbour, 'phase')
  }

  /** Asks, and gives up on a process that died or hangs. */
  private async asked<T = void>(
    one: Child,
    question: string,
    given?: unknown,
    withinMs = this.pace.answerMs,
  ): Promise<T> {
    const over = new AbortController()
    try {
      const late = setTimeout(withinMs, undefined, { signal: over.signal }).then(() => {
        throw new Fallen(`no answer to "${question}" within ${withinMs / 1000} s`)
      })
      return await Promise.race([one.ask<T>(question, given), late])
    } catch (error) {
      const { server } = this
      if (server && !this.running) {
        const thrown = /^\w*Error: .*$/m.exec(this.lastWords)?.[0] ?? this.lastWords.slice(-200)
        const cause = /heap out of memory/.test(this.lastWords) ? 'its heap was exhausted' : thrown
        throw new Fallen(`the server died (${server.process.exitCode ?? server.process.signalCode}): ${cause}`)
      }
      throw error instanceof Fallen ? error : new Fallen(String(error))
    } finally {
      over.abort()
    }
  }
}

/** Memory is back where it was, and the store keeps nothing of tabs that changed nothing. */
function isBack(atFirst: Memory, now: Memory, allowedTokens: number, allowed: number): boolean {
  return now.live <= atFirst.live + allowed && now.tokens - atFirst.tokens <= allowedTokens
}

function rssOf({ process: { pid } }: Child): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

async function ended(one: Child | undefined): Promise<void> {
  const running = one?.process
  if (!running || running.exitCode !== null || running.signalCode !== null) return
  const exit = new Promise<void>((resolve) => running.once('exit', () => resolve()))
  running.kill('SIGKILL')
  await exit
}
