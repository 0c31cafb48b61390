/** Tabs that connect, one after the other and at once, and what one takes while it does nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child, Load } from '../child.js'
import { median, note, timed } from '../report.js'
import { bareClient, type Client, heldClient } from './clients.js'
import { bench, type Side, sides } from './definitions.js'
import { compare, cpuOf, millis, type Ports, quick, serving } from './pairs.js'

const connect = (ports: Ports, side: Side): Promise<Client> =>
  side === 'bare' ? bareClient(ports.bare) : heldClient(ports.held, [bench])

/** Both sides send first values to each tab. */
export async function connecting(): Promise<void> {
  const tabs = quick ? 200 : 500
  await serving(async (server, ports) => {
    let clients: Client[] = []
    const after = async () => {
      await closed(server, clients)
      clients = []
    }
    const oneByOne = (make: () => Promise<Client>) =>
      timed(async () => {
        for (let index = 0; index < tabs; index += 1) clients.push(await make())
      })
    const { cpu, expensive } = await compare(server, { measure: (side) => oneByOne(() => connect(ports, side)), after })
    await server.ask<Load>('load')
    await oneByOne(() => bareClient(ports.bare, true))
    const { cpuMs: silent } = await server.ask<Load>('load')
    await after()
    note({
      name: `${tabs} tabs connect one after the other, CPU`,
      value: cpu.ratio,
      target: 1.2,
      good: 'most',
      detail: `${millis(cpu)}; ${silent.toFixed(0)} ms bare without first values`,
      expensive,
    })
    const atOnce = await compare(server, {
      measure: (side) =>
        timed(async () => {
          clients = await Promise.all(Array.from({ length: tabs }, () => connect(ports, side)))
        }),
      after,
    })
    note({
      name: `${tabs} tabs connect at once`,
      value: atOnce.ratio,
      target: 1.1,
      good: 'most',
      detail: `${millis(atOnce)}; ${cpuOf(atOnce)}`,
      expensive: atOnce.expensive,
    })
  })
}

/** Closes them, and resolves when the server has noticed. */
async function closed({ ask }: Child, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client.close()
  for (;;) {
    const { bare, held } = await ask<Record<Side, number>>('connected')
    if (bare + held === 0) return
    await sleep(20)
  }
}

interface Memory {
  readonly live: number
  readonly rss: number
}

/**
 * Of what is alive after a collection: how far the process has grown (RSS) depends on when it last collected, and differs between two
 * runs of the same side by more than the sides differ.
 */
export async function memory(): Promise<void> {
  const tabs = quick ? 300 : 1_000
  const perTab: Record<Side, Memory[]> = { bare: [], held: [] }
  for (let round = 0; round < (quick ? 1 : 3); round += 1)
    for (const side of sides)
      perTab[side].push(await serving((server, ports) => idle(server, () => connect(ports, side), tabs)))
  const expensive = await serving(({ ask }, ports) => allocating(ask, () => connect(ports, 'held'), quick ? 100 : 300))
  const kilobytes = (side: Side, kind: keyof Memory) => median(perTab[side].map((figures) => figures[kind])) / 1024
  const shown = (side: Side) =>
    `${kilobytes(side, 'live').toFixed(1)} KB ${side} (RSS ${kilobytes(side, 'rss').toFixed(1)} KB)`
  note({
    name: 'memory of an idle tab',
    value: kilobytes('held', 'live') / kilobytes('bare', 'live'),
    target: 1.3,
    good: 'most',
    detail: sides.map(shown).join(', '),
    expensive,
  })
}

async function idle({ ask }: Child, make: () => Promise<Client>, tabs: number): Promise<Memory> {
  const warm = await Promise.all(Array.from({ length: 50 }, make))
  const before = await ask<Memory>('memory')
  const clients: Client[] = []
  for (let index = 0; index < tabs; index += 1) clients.push(await make())
  const after = await ask<Memory>('memory')
  for (const client of [...warm, ...clients]) client.close()
  return { live: (after.live - before.live) / tabs, rss: (after.rss - before.rss) / tabs }
}

/** The functions that allocated most of what lives of idle tabs; looking slows the server down. */
async function allocating(ask: Child['ask'], make: () => Promise<Client>, tabs: number): Promise<readonly string[]> {
  const clients = await Promise.all(Array.from({ length: 50 }, make)) // warms up
  await ask('sample')
  for (let index = 0; index < tabs; index += 1) clients.push(await make())
  await ask('collect')
  const functions = await ask<string[]>('sampled')
  for (const client of clients) client.close()
  return functions
}
