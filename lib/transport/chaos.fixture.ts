/**
 * Chaos: tabs that make calls over real sockets, and a server over the disk store that is killed again and again. At the end
 * no call that was acknowledged is lost, none has had two effects, and each tab is live.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { diskStore } from '../store/disk.js'
import { Chance } from '../testing/chance.js'
import { chaosState } from './chaos-state.fixture.js'
import { ChaosTab } from './chaos-tab.fixture.js'

export interface ChaosOptions {
  readonly kills: number
  readonly tabs: number
  /** Chance comes from it, but for what the machine and its load decide. */
  readonly seed: number
  say?(line: string): void
}

export interface ChaosReport {
  readonly kills: number
  readonly killsOfStarts: number
  /** Times that the server was closed in order. */
  readonly closes: number
  readonly reloads: number
  readonly calls: number
  /** Calls by how they ended. */
  readonly ends: Readonly<Record<string, number>>
  readonly interruptedTasks: number
  /** What was wrong; empty if all is well. */
  readonly faults: readonly string[]
}

/** Milliseconds in which all must be at rest once nobody kills any more. */
const restMs = 30_000

export async function chaos({ kills, tabs: count, seed, say = () => {} }: ChaosOptions): Promise<ChaosReport> {
  const chance = new Chance(seed)
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-chaos-'))
  const server = new ChaosServer(await freePort(chance), dir)
  await server.start()
  const tabs = Array.from({ length: count }, (_, at) => {
    return new ChaosTab(`tab ${at + 1}`, server.url, new Chance(seed * 1_000 + at))
  })
  const runs = tabs.map((tab) => tab.run())
  let killsOfStarts = 0
  let closes = 0
  for (let kill = 1; kill <= kills; kill += 1) {
    if (chance.happens(0.5)) await until(() => tabs.every(({ live }) => live))
    await setTimeout(chance.below(300))
    if (chance.happens(0.3)) chance.pick(tabs).reload()
    await setTimeout(chance.below(300))
    await server.end('SIGKILL')
    if (chance.happens(0.1)) {
      killsOfStarts += 1
      await server.killWhileStarting(chance.below(500))
    }
    await setTimeout(chance.below(100))
    await server.start()
    if (chance.happens(0.2)) {
      closes += 1
      await setTimeout(chance.below(600))
      await server.end('SIGTERM')
      await server.start()
    }
    if (kill % 10 === 0) say(`${kill} kills, ${sum(tabs.map(({ made }) => made.length))} calls`)
  }
  for (const tab of tabs) tab.end()
  await Promise.all(runs)
  await until(() => tabs.every(({ live, waiting }) => live && waiting === 0))
  const stuck = tabs.filter(({ live }) => !live).map(({ name }) => `${name} is not live any more`)
  await server.end('SIGKILL')
  const faults = [...stuck, ...(await faultsOf(tabs, dir)), ...server.complaints]
  for (const tab of tabs) tab.close()
  rmSync(dir, { recursive: true, force: true })
  const ends = tabs.flatMap(({ made }) => made.map(({ end = 'waiting' }) => end))
  return {
    kills,
    killsOfStarts,
    closes,
    reloads: sum(tabs.map(({ reloads }) => reloads)),
    calls: ends.length,
    ends: Object.fromEntries([...new Set(ends)].sort().map((end) => [end, ends.filter((one) => one === end).length])),
    interruptedTasks: sum(tabs.map(({ interrupted }) => interrupted)),
    faults,
  }
}

/** Compares what tabs were told with what the store has. */
async function faultsOf(tabs: readonly ChaosTab[], dir: string): Promise<string[]> {
  const store = diskStore({ dir })
  const faults: string[] = []
  for (const tab of tabs) faults.push(...tab.check((await store.load(tab.token))?.state[chaosState.id]))
  await store.close()
  return faults
}

class ChaosServer {
  readonly url: string
  /** What it said that a healthy server does not say. */
  readonly complaints: string[] = []
  private readonly args: readonly string[]
  private process: ChildProcess | undefined

  constructor(port: number, dir: string) {
    this.url = `http://127.0.0.1:${port}`
    const program = fileURLToPath(new URL('./chaos-server.fixture.ts', import.meta.url))
    this.args = ['--import', 'tsx', program, String(port), dir]
  }

  async start(): Promise<void> {
    const started = this.spawn()
    await new Promise<void>((resolve, reject) => {
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

  private spawn(): ChildProcess {
    const started = spawn(process.execPath, this.args)
    const hear = (text: Buffer) => {
      const rest = String(text).replace('ready', '').trim()
      if (rest !== '') this.complaints.push(`the server said: ${rest}`)
    }
    started.stdout.on('data', hear)
    started.stderr.on('data', hear)
    this.process = started
    return started
  }
}

/** Below the ports that the system gives away: while the server is down, a client could be given its own. */
async function freePort(chance: Chance): Promise<number> {
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
async function until(fine: () => boolean): Promise<void> {
  const end = performance.now() + restMs
  while (!fine() && performance.now() < end) await setTimeout(10)
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0)
