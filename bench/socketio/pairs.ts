/** Rounds in which both sides do the same, one after the other; only their ratios mean something, the machine's speed does not. */
import { type Child, child } from '../child.js'
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

export interface Pair {
  readonly bare: number
  readonly held: number
  /** Of held to bare: the median of those of the rounds. */
  readonly ratio: number
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
  const figures: Record<Side, number[]> = { bare: [], held: [] }
  const once = async (side: Side) => {
    const figure = await measure(side)
    await after?.()
    return figure
  }
  for (const side of sides) await once(side) // warms up
  for (let round = 0; round < rounds; round += 1)
    for (const side of round % 2 ? sides : [...sides].reverse()) figures[side].push(await once(side))
  await ask('profile')
  await measure('held')
  if (!after) await measure('held')
  const expensive = await ask<string[]>('profiled')
  await after?.()
  const ratio = median(figures.held.map((held, round) => held / (figures.bare[round] as number)))
  return { bare: median(figures.bare), held: median(figures.held), ratio, expensive }
}

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

type Shown = Pick<Pair, 'bare' | 'held'>

export const micros = ({ bare, held }: Shown): string =>
  `${(bare * 1000).toFixed(0)} µs bare, ${(held * 1000).toFixed(0)} µs held`
export const millis = ({ bare, held }: Shown): string => `${bare.toFixed(0)} ms bare, ${held.toFixed(0)} ms held`
