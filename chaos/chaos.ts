/**
 * Chaos: tabs that make calls over real sockets, and a server over the disk store that is killed again and again. At the end
 * no call that was acknowledged is lost, none has had two effects, and each tab is live.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { diskStore } from '../lib/store/disk/store.js'
import { Chance } from '../lib/testing/chance.js'
import { ChaosServer, freePort, sum, until } from './process.js'
import { chaosState } from './state.js'
import { ChaosTab } from './tab.js'

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
