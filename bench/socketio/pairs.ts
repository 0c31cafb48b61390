/** Rounds in which both sides do the same, one after the other; only their ratios mean something, the machine's speed does not. */
import { type Child, child, type Load } from '../child.js'
import { median } from '../report.js'
import { bareClient, type Client, heldClient } from './clients.js'
import { bench, type Side, sides } from './definitions.js'

export const quick: boolean = process.argv.includes('--quick')
export const rounds: number = quick ? 3 : 7

export type Ports = Record<Side, number>
export type Clients = Record<Side, readonly Client[]>

export const started = (): Child => child(new URL('./server.ts', import.meta.url))

/** Runs `work` with a server of its own. */
export async function serving<T>(work: (server: Child, ports: Ports) => Promise<T>): Promise<T> {
  const server = started()
  try {
    return await work(server, await server.ask<Ports>('ports'))
  } finally {
    server.process.disconnect()
  }
}

export interface Shown {
  readonly bare: number
  readonly held: number
  /** Of held to bare: the median of those of the rounds. */
  readonly ratio: number
}

export interface Pair extends Shown {
  /** Milliseconds of CPU that the server took. */
  readonly cpu: Shown
  /** The most expensive functions of the server on the side of heldstate. */
  readonly expensive: readonly string[]
}

export interface Comparison {
  measure(side: Side): Promise<number>
  /** What is no part of it, before it is measured again. */
  after?(): Promise<void>
}

/** Measures both sides in turn, and that of heldstate twice more for a profile, which costs time itself. */
export async function compare({ ask }: Child, { measure, after }: Comparison): Promise<Pair> {
  const figures: Figures = { bare: [], held: [] }
  const cpu: Figures = { bare: [], held: [] }
  const once = async (side: Side) => {
    await ask<Load>('load')
    const figure = await measure(side)
    const { cpuMs } = await ask<Load>('load')
    await after?.()
    return { figure, cpuMs }
  }
  for (const side of sides) await once(side) // warms up
  for (let round = 0; round < rounds; round += 1)
    for (const side of round % 2 ? sides : [...sides].reverse()) {
      const { figure, cpuMs } = await once(side)
      figures[side].push(figure)
      cpu[side].push(cpuMs)
    }
  await ask('profile')
  await measure('held')
  if (!after) await measure('held')
  const expensive = await ask<string[]>('profiled')
  await after?.()
  return { ...shown(figures), cpu: shown(cpu), expensive }
}

type Figures = Record<Side, number[]>

const shown = ({ bare, held }: Figures): Shown => ({
  bare: median(bare),
  held: median(held),
  ratio: median(held.map((figure, round) => figure / (bare[round] as number))),
})

export async function open(ports: Ports, count: number): Promise<Clients> {
  const clients: Record<Side, Client[]> = { bare: [], held: [] }
  for (let index = 0; index < count; index += 1) {
    clients.bare.push(await bareClient(ports.bare))
    clients.held.push(await heldClient(ports.held, [bench]))
  }
  return clients
}

export function close({ bare, held }: Clients): void {
  for (const client of [...bare, ...held]) client.close()
}

export const micros = ({ bare, held }: Shown): string =>
  `${(bare * 1000).toFixed(0)} µs bare, ${(held * 1000).toFixed(0)} µs held`
export const millis = ({ bare, held }: Shown): string => `${bare.toFixed(0)} ms bare, ${held.toFixed(0)} ms held`
/** What the server takes, where the clients, which share the machine with it, may be what takes longest. */
export const cpuOf = ({ cpu: { ratio } }: Pair): string => `${ratio.toFixed(2)}× of the server's CPU`
