/**
 * The connection to a redis. One connection for operations and one for messages are made and lost together. An operation under
 * way when they are lost is sent again over the next ones, so every operation must be safe to run twice. An operation that waits
 * too long fails with `store-unreachable`, and from then on each one fails at once, until the redis is back.
 */
import { MessageChannel } from 'node:worker_threads'
import type { Clock } from '../../base/clock.js'
import { HeldStateError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import { type ConnectionPair, destroy, loadClient, type Reply } from './client.js'
import { isTransient, permanentError, storeUnreachable, unreachable } from './errors.js'
import type { Script } from './script.js'

export type Bounds = Pick<
  typeof processLimits,
  'storeOpenMs' | 'storeWaitMs' | 'storeSilenceMs' | 'storePingMs' | 'storeTroubleMs'
>

export interface RedisConnectionOptions {
  readonly url: string
  /** Host and port, for people. */
  readonly where: string
  readonly clock: Clock
  readonly log: Log
  readonly bounds?: { readonly [K in keyof Bounds]?: number } | undefined
}

export interface ConnectionListener {
  readonly channel: string
  onMessage(text: string): void
  /** The connection was made again. Messages may have been lost. */
  onReconnected(): void
  onReachable(reachable: boolean): void
  /** Runs on each connection before it is used; `first` for the first. Throws what speaks against this redis. */
  check(command: (...args: string[]) => Promise<Reply>, first: boolean): Promise<void>
}

interface Waiting {
  attempt(): void
}

export class RedisConnection {
  private readonly options: RedisConnectionOptions
  private readonly bounds: { readonly [K in keyof Bounds]: number }
  private readonly clock: Clock
  private listener: ConnectionListener | undefined
  private pair: ConnectionPair | undefined
  private connecting = false
  private closed = false
  /** An operation has waited for the longest time: the next ones fail at once. */
  private failsFast = false
  /** Why the last connection was lost, or could not be made. */
  private cause: unknown
  private waiting: Waiting[] = []
  /** Operations that are waited for, and the first connection. */
  private pending = 0
  private releaseProcess: (() => void) | undefined
  private isReportedDown = false
  private cancelReport = () => {}

  constructor(options: RedisConnectionOptions) {
    this.options = options
    this.clock = options.clock
    this.bounds = { ...processLimits, ...options.bounds }
  }

  get isUp(): boolean {
    return this.pair !== undefined
  }

  /** Makes the first connection; tries for `storeOpenMs`, unless this redis can never do. */
  async open(listener: ConnectionListener): Promise<void> {
    this.listener = listener
    this.pending += 1
    this.keepProcessAlive()
    try {
      await this.connectFirst()
    } finally {
      this.onSettled()
    }
  }

  private async connectFirst(): Promise<void> {
    const end = this.clock.now() + this.bounds.storeOpenMs
    for (let pause: number = processLimits.storeAgainMs; !this.pair; pause = nextPause(pause)) {
      try {
        this.adopt(await this.connect(end - this.clock.now(), true))
      } catch (error) {
        const refused = permanentError(error, this.options.where)
        if (refused) throw refused
        if (this.closed || this.clock.now() + pause >= end) throw unreachable(this.options.where, error)
        await this.pause(pause)
      }
    }
  }

  /** Runs a script, a second time if the connection is lost. `keys` are those of tokens. */
  run({ text, sha }: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const rest = [`${keys.length}`, ...keys, ...args]
    return this.send(this.bounds.storeWaitMs, async ({ commands }) => {
      try {
        return await commands.sendCommand(['EVALSHA', sha, ...rest])
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return commands.sendCommand(['EVAL', text, ...rest])
      }
    })
  }

  close(): void {
    this.closed = true
    this.cancelReport()
    const { pair } = this
    this.pair = undefined
    if (pair) destroy(pair)
    this.resumeWaiting()
  }

  private send(ms: number, send: (pair: ConnectionPair) => Promise<Reply>): Promise<Reply> {
    if (this.closed) return Promise.reject(closedError())
    if (this.failsFast) return Promise.reject(storeUnreachable(this.options.where, this.cause))
    this.pending += 1
    return new Promise((resolve, reject) => {
      let over = false
      const end = (settle: () => void) => {
        over = true
        this.onSettled()
        cancel()
        settle()
      }
      const cancel = this.after(ms, () => {
        if (over) return
        this.failsFast ||= !this.pair
        end(() => reject(storeUnreachable(this.options.where, this.cause)))
      })
      const attempt = (): void => {
        if (over) return
        if (this.closed) return end(() => reject(closedError()))
        const { pair } = this
        if (!pair) {
          this.keepProcessAlive()
          return void this.waiting.push({ attempt })
        }
        send(pair).then(
          (reply) => end(() => resolve(reply)),
          (error) => {
            if (!isTransient(error)) return end(() => reject(permanentError(error, this.options.where) ?? error))
            this.drop(pair, error)
            attempt()
          },
        )
      }
      attempt()
    })
  }

  /** Keeps the process alive while an operation waits: neither a lost connection nor the clock does. */
  private keepProcessAlive(): void {
    if (this.releaseProcess) return
    const { port1 } = new MessageChannel()
    port1.ref()
    this.releaseProcess = () => port1.close()
  }

  private onSettled(): void {
    this.pending -= 1
    if (this.pending > 0) return
    this.releaseProcess?.()
    this.releaseProcess = undefined
  }

  /** Both connections, ready to use within `ms`. */
  private async connect(ms: number, first = false): Promise<ConnectionPair> {
    const { createClient } = await loadClient()
    const listener = this.listener as ConnectionListener
    const commands = createClient({
      url: this.options.url,
      RESP: 2,
      commandOptions: { timeout: undefined }, // its bound is ours, and costs more than all else that it does for a command
      socket: { reconnectStrategy: false, connectTimeout: ms },
    })
    const pair: ConnectionPair = { commands, messages: commands.duplicate() }
    for (const client of [pair.commands, pair.messages]) client.on('error', (error) => this.drop(pair, error))
    const ready = async () => {
      await Promise.all([pair.commands.connect(), pair.messages.connect()])
      await listener.check((...args) => pair.commands.sendCommand(args), first)
      await pair.messages.subscribe(listener.channel, (text) => listener.onMessage(text))
    }
    try {
      await this.withTimeout(ready(), ms)
      if (this.closed) throw closedError()
      return pair
    } catch (error) {
      destroy(pair)
      throw error
    }
  }

  private adopt(pair: ConnectionPair): void {
    if (this.pair) return destroy(pair) // another attempt was as fast
    this.pair = pair
    this.failsFast = false
    this.cancelReport()
    if (this.isReportedDown) {
      this.isReportedDown = false
      this.options.log.info(`The Redis at ${this.options.where} is back.`)
      this.listener?.onReachable(true)
    }
    void this.pingRegularly(pair)
    this.resumeWaiting()
  }

  private resumeWaiting(): void {
    const { waiting } = this
    this.waiting = []
    for (const { attempt: go } of waiting) go()
  }

  /** Both connections are given up, and made again. */
  private drop(pair: ConnectionPair, error: unknown): void {
    if (this.pair !== pair) return
    this.pair = undefined
    this.cause = error
    destroy(pair)
    this.cancelReport = this.clock.after(this.bounds.storeTroubleMs, () => {
      this.isReportedDown = true
      const { where, log } = this.options
      log.warn(`The Redis at ${where} is unreachable. Events and tasks wait until it is back.`, this.cause)
      this.listener?.onReachable(false)
    })
    void this.reconnect()
  }

  private async reconnect(): Promise<void> {
    if (this.connecting) return
    this.connecting = true
    for (let pause: number = processLimits.storeAgainMs; !this.closed && !this.pair; pause = nextPause(pause)) {
      try {
        this.adopt(await this.connect(this.bounds.storeSilenceMs))
        this.listener?.onReconnected()
      } catch (error) {
        this.cause = error
        await this.pause(pause)
      }
    }
    this.connecting = false
  }

  /** A connection that was not closed may be dead for a long time before an operation notices. */
  private async pingRegularly(pair: ConnectionPair): Promise<void> {
    for (;;) {
      await this.pause(this.bounds.storePingMs)
      if (this.pair !== pair) return
      try {
        await this.withTimeout(Promise.all([pair.commands.ping(), pair.messages.ping()]), this.bounds.storeSilenceMs)
      } catch (error) {
        this.drop(pair, error)
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve))
  }

  /** An answer that has arrived while this process was busy is read first. */
  private after(ms: number, run: () => void): () => void {
    return this.clock.after(ms, () => this.clock.turn(run))
  }

  private withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.after(ms, () => reject(new Error(`no answer in ${ms} ms`)))
      work.finally(cancel).then(resolve, reject)
    })
  }
}

const nextPause = (pause: number) => Math.min(pause * 2, processLimits.storeAgainLongestMs)

const closedError = () => new HeldStateError('hub-closed', 'The store is closed.')
