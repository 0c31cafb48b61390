/** The processes of the chaos test, from outside, and what all its forms wait with. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Chance } from '../lib/testing/chance.js'

/** Milliseconds in which all must be at rest once nobody kills any more. */
const restMs = 30_000

/** Milliseconds after which a process that does not serve hangs. */
const startMs = 60_000

/** What the watchdog says of a process that was frozen, or had no core for a while. */
const stoodStill = /blocked the event loop for|[Tt]he event loop/

export class ChaosServer {
  readonly url: string
  readonly port: number
  /** What it said that a healthy server does not say. */
  readonly complaints: string[] = []
  private readonly args: readonly string[]
  private readonly excused: RegExp
  private process: ChildProcess | undefined

  /** `where` it keeps state: a folder, or the url of a redis. Lines that match `excused` are no complaints. */
  constructor(port: number, where: string, excused = /^$/) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.excused = excused
    const program = fileURLToPath(new URL('./server.ts', import.meta.url))
    this.args = ['--import', 'tsx', program, String(port), where]
  }

  /** While it runs. */
  get pid(): number | undefined {
    return this.process?.pid
  }

  async start(): Promise<void> {
    const started = this.spawn()
    await new Promise<void>((resolve, reject) => {
      setTimeout(startMs, undefined, { ref: false }).then(() =>
        reject(new Error(`Process ${started.pid} does not serve after ${startMs} ms.`)),
      )
      started.stdout?.on('data', (text) => String(text).includes('ready') && resolve())
      started.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${this.complaints.join('\n')}`)))
    })
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { process } = this
    this.process = undefined
    if (!process) return
    const ended = once(process, 'exit')
    process.kill(signal)
    await ended
  }

  async killWhileStarting(ms: number): Promise<void> {
    this.spawn()
    await setTimeout(ms)
    await this.end('SIGKILL')
  }

  /** It does nothing until it is thawed, and its connections stay. */
  freeze(): void {
    this.process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.process?.kill('SIGCONT')
  }

  private spawn(): ChildProcess {
    const env = { ...process.env, NODE_ENV: 'production' as const } // a lock that waits for a dead process is no mistake of an author
    const started = spawn(process.execPath, this.args, { env })
    const hear = (text: Buffer) => {
      for (const line of String(text).split('\n')) {
        const rest = line.replace('ready', '').trim()
        if (rest !== '' && !this.excused.test(rest) && !stoodStill.test(rest))
          this.complaints.push(`the server said: ${rest}`)
      }
    }
    started.stdout.on('data', hear)
    started.stderr.on('data', hear)
    this.process = started
    return started
  }
}

/** Below the ports that the system gives away: while the server is down, a client could be given its own. */
export async function freePort(chance: Chance): Promise<number> {
  for (;;) {
    const port = 20_000 + chance.below(10_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}

/** Waits until all is as it should be, or too long. */
export async function until(fine: () => boolean, withinMs = restMs): Promise<boolean> {
  const end = performance.now() + withinMs
  while (!fine() && performance.now() < end) await setTimeout(10)
  return fine()
}

export const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0)
