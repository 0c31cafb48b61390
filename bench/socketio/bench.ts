/**
 * heldstate beside bare Socket.IO: the same payload, in one run, alternating, medians of the rounds. Only the ratios mean
 * something; the machine's speed does not. `npm run bench`, or `npm run bench -- --quick`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStore } from 'heldstate/next'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { child } from '../child.js'
import { bareClient, type Client, type HeldClient, heldClient } from './clients.js'
import { bench, list } from './definitions.js'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 7

type Side = 'bare' | 'held'
const sides: readonly Side[] = ['bare', 'held']

interface Result {
  readonly name: string
  readonly value: number
  readonly target: number
  /** A good value is at most, or at least, the target. */
  readonly good: 'most' | 'least'
  readonly unit: string
  readonly detail: string
}

const results: Result[] = []

const server = () => child(new URL('./server.ts', import.meta.url))

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number

/** Milliseconds of `work`. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

type Measure = (client: (side: Side, index: number) => Client) => (side: Side) => Promise<number>

/** Runs a measurement for both sides in turn; the result is the ratio of their medians, held to bare. */
async function compare(clients: Record<Side, Client[]>, measure: Measure): Promise<Record<Side, number>> {
  const run = measure((side, index) => clients[side][index] as Client)
  const figures: Record<Side, number[]> = { bare: [], held: [] }
  for (const side of sides) await run(side) // warms up
  for (let round = 0; round < rounds; round += 1)
    for (const side of round % 2 ? sides : [...sides].reverse()) figures[side].push(await run(side))
  return { bare: median(figures.bare), held: median(figures.held) }
}

const roundTrip: Measure = (client) => async (side) => {
  const times: number[] = []
  for (let call = 0; call < (quick ? 300 : 1_000); call += 1)
    times.push(await timed(() => client(side, 0).add('bench', 1)))
  return median(times)
}

/** Milliseconds for a number of events, with so many in flight on each of so many tabs. */
const pipelined =
  (tabs: number, inFlight: number, events: number): Measure =>
  (client) =>
  (side) =>
    timed(() =>
      Promise.all(
        Array.from({ length: tabs }, async (_, index) => {
          for (let done = 0; done < events / tabs; done += inFlight)
            await Promise.all(Array.from({ length: inFlight }, () => client(side, index).add('bench', 1)))
        }),
      ),
    )

const background =
  (tabs: number, turns: number, changes: number): Measure =>
  (client) =>
  (side) =>
    timed(() => Promise.all(Array.from({ length: tabs }, (_, index) => client(side, index).count(turns, changes))))

/** Milliseconds for so many starts of a task and half as many cancels, in one go; what grows faster than they do blocks the others. */
async function startsAndCancels(port: number, starts: number): Promise<number> {
  const client = await heldClient(port, [bench])
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1)
    times.push(
      await timed(async () => {
        await Promise.all(Array.from({ length: starts }, () => client.call('bench', 'rest')))
        await Promise.all(Array.from({ length: starts / 2 }, () => client.cancel('bench', 'rest')))
      }),
    )
  client.close()
  return median(times)
}

async function open(ports: Record<Side, number>, count: number): Promise<Record<Side, Client[]>> {
  const clients: Record<Side, Client[]> = { bare: [], held: [] }
  for (let index = 0; index < count; index += 1) {
    clients.bare.push(await bareClient(ports.bare))
    clients.held.push(await heldClient(ports.held, [bench]))
  }
  return clients
}

const close = (clients: Record<Side, Client[]>) => {
  for (const client of [...clients.bare, ...clients.held]) client.close()
}

async function speed(): Promise<string[]> {
  const { process: serving, ask } = server()
  const ports = await ask<Record<Side, number>>('ports')
  const few = await open(ports, 50)

  for (const side of sides) for (let call = 0; call < 3_000; call += 1) await few[side][0]?.add('bench', 1) // warms up
  const trip = await compare(few, roundTrip)
  note('round trip of one event, p50', trip.held / trip.bare, 1.1, 'most', micros(trip))

  const one = await compare(few, pipelined(1, 100, quick ? 5_000 : 20_000))
  note('pipelined events a second, 1 tab × 100', one.bare / one.held, 1.3, 'least', millis(one))

  await ask('profile')
  const fifty = await compare(few, pipelined(50, 10, quick ? 5_000 : 20_000))
  const profile = await ask<string[]>('profiled')
  note('pipelined events a second, 50 tabs × 10', fifty.bare / fifty.held, 1.3, 'least', millis(fifty))
  close(few)

  const [half, all] = [await startsAndCancels(ports.held, 300), await startsAndCancels(ports.held, 600)]
  note(
    '600 starts and 300 cancels of one tab, to half of them',
    all / half,
    2.5,
    'most',
    `${half.toFixed(0)} ms and ${all.toFixed(0)} ms`,
  )

  const many = await open(ports, quick ? 200 : 1_000)
  const tabs = many.bare.length
  const slow = await compare(many, background(tabs, quick ? 10 : 30, 1))
  note(`background counters of ${tabs} tabs, 1 change a turn`, slow.bare / slow.held, 1.2, 'least', millis(slow))
  const fast = await compare(many, background(tabs, quick ? 3 : 5, 20))
  note(`background counters of ${tabs} tabs, 20 changes a turn`, fast.bare / fast.held, 5, 'least', millis(fast))
  close(many)
  serving.disconnect()
  return profile
}

async function listSize(): Promise<void> {
  const { process: serving, ask } = server()
  const ports = await ask<Record<Side, number>>('ports')
  const alone = await heldClient(ports.held, [bench])
  const beside = await heldClient(ports.held, [list])
  const clients = { bare: [alone], held: [beside] } satisfies Record<Side, Client[]>
  const trip = await compare(clients, (client) => async (side) => {
    const times: number[] = []
    const definition = side === 'bare' ? 'bench' : 'list'
    for (let call = 0; call < 500; call += 1) times.push(await timed(() => client(side, 0).add(definition, 1)))
    return median(times)
  })
  note('a change beside 10,000 rows, to its cost alone', trip.held / trip.bare, 1.2, 'most', micros(trip))
  await bytes(beside)
  close(clients)
  serving.disconnect()
}

/** What a change of a state costs that is kept on the disk, as it is by default. */
async function onDisk(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-bench-'))
  const hub = new HubRuntime({ store: diskStore({ dir }) })
  hub.registry.add(bench, list)
  const tokens = { alone: 'a'.repeat(32), beside: 'b'.repeat(32) }
  for (const token of Object.values(tokens)) await hub.call({ token, definition: 'bench', member: 'add', args: [1] }) // so that the tab exists
  const changes = {
    alone: () => hub.modifyState(tokens.alone, bench, (s) => void (s.counter += 1)),
    beside: () => hub.modifyState(tokens.beside, list, (s) => void (s.counter += 1)),
    row: (count: number) =>
      hub.modifyState(tokens.beside, list, ({ rows }) => void ((rows[5_000] as { name: string }).name = `${count}`)),
  }
  const figures = { alone: [] as number[], beside: [] as number[], row: [] as number[] }
  for (let round = 0; round <= rounds; round += 1)
    for (const name of Object.keys(changes) as (keyof typeof changes)[])
      for (let count = 0; count < 100; count += 1) {
        const ms = await timed(() => changes[name](round * 100 + count))
        if (round > 0) figures[name].push(ms) // the first one warms up
      }
  const [alone, beside, row] = [median(figures.alone), median(figures.beside), median(figures.row)]
  const shown = `${(alone * 1000).toFixed(0)} µs alone, ${(beside * 1000).toFixed(0)} µs beside, ${(row * 1000).toFixed(0)} µs a changed row`
  note('on the disk, an increment beside 10,000 rows, to its cost alone', beside / alone, 1.2, 'most', shown)
  await hub.close()
  rmSync(dir, { recursive: true })
}

/** Bytes of what Socket.IO writes for one change, its own framing included. */
async function bytes(beside: HeldClient): Promise<void> {
  const counted = async (client: HeldClient, act: () => Promise<unknown>) => {
    const before = client.bytes()
    await act()
    return client.bytes() - before
  }
  const settle = ',[[1]]'.length // the answer to the call, which an update by a task does not carry
  const row = (await counted(beside, () => beside.call('list', 'change', 5_000, 'a new name'))) - settle
  const removal = (await counted(beside, () => beside.call('list', 'remove', 5_000))) - settle
  const counter = (await counted(beside, () => beside.add('list', 1))) - settle
  note('bytes of a counter update', counter, 45, 'most', '', 'B')
  note('bytes of one changed row of 10,000', row, 80, 'most', '', 'B')
  note('bytes of a removal from the middle of 10,000', removal, 60, 'most', '', 'B')
}

/**
 * Of what is alive after a collection: how far the process has grown beside that (RSS) depends on when it last collected,
 * and differs between two runs of the same side by more than the sides differ.
 */
async function memory(): Promise<void> {
  const tabs = quick ? 300 : 1_000
  const perTab: Record<Side, { live: number; rss: number }[]> = { bare: [], held: [] }
  for (let round = 0; round < (quick ? 1 : 3); round += 1)
    for (const side of sides) {
      const { process: serving, ask } = server()
      const ports = await ask<Record<Side, number>>('ports')
      const make = () => (side === 'bare' ? bareClient(ports.bare) : heldClient(ports.held, [bench]))
      const warm = await Promise.all(Array.from({ length: 50 }, make))
      const before = await ask<{ live: number; rss: number }>('memory')
      const clients: Client[] = []
      for (let index = 0; index < tabs; index += 1) clients.push(await make())
      const after = await ask<{ live: number; rss: number }>('memory')
      perTab[side].push({ live: (after.live - before.live) / tabs, rss: (after.rss - before.rss) / tabs })
      for (const client of [...warm, ...clients]) client.close()
      serving.disconnect()
    }
  const kilobytes = (side: Side, kind: 'live' | 'rss') => median(perTab[side].map((figures) => figures[kind])) / 1024
  const shown = (side: Side) =>
    `${kilobytes(side, 'live').toFixed(1)} KB ${side} (RSS ${kilobytes(side, 'rss').toFixed(1)} KB)`
  note(
    'memory of an idle tab',
    kilobytes('held', 'live') / kilobytes('bare', 'live'),
    1.3,
    'most',
    sides.map(shown).join(', '),
  )
}

function note(name: string, value: number, target: number, good: Result['good'], detail: string, unit = '×'): void {
  results.push({ name, value, target, good, unit, detail })
  const reached = good === 'most' ? value <= target : value >= target
  const shown = unit === '×' ? `${value.toFixed(2)}×` : `${value} ${unit}`
  console.log(
    `${reached ? 'reached' : 'missed '}  ${shown.padStart(8)}  (at ${good} ${target})  ${name}${detail ? `: ${detail}` : ''}`,
  )
}

const micros = ({ bare, held }: Record<Side, number>) =>
  `${(bare * 1000).toFixed(0)} µs bare, ${(held * 1000).toFixed(0)} µs held`
const millis = ({ bare, held }: Record<Side, number>) => `${bare.toFixed(0)} ms bare, ${held.toFixed(0)} ms held`

console.log(`heldstate beside bare Socket.IO, medians of ${rounds} rounds; ±15 % is noise`)
const profile = await speed()
await listSize()
await onDisk()
await memory()
console.log(`\nThe server's profile while 50 tabs pipeline (both sides), own time:\n${profile.join('\n')}`)
process.exit(0)
