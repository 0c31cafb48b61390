/**
 * What the store on the disk costs beside the memory store: the same hub and the same tabs, in one run, alternating, medians of the rounds.
 * `npm run bench:stores`, or `npm run bench:stores -- --quick`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { child } from '../child.js'
import { type HeldClient, heldClient } from '../socketio/clients.js'
import { bench, list } from '../socketio/definitions.js'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 7
const kinds = ['memory', 'disk', 'power'] as const
type Kind = (typeof kinds)[number]

interface Side {
  readonly ask: <T>(question: string, given?: unknown) => Promise<T>
  readonly tabs: readonly HeldClient[]
  readonly beside: HeldClient
  readonly end: () => void
}

interface Figures {
  /** Microseconds of one event and its answer, of one tab. */
  readonly trip: number
  /** Microseconds of CPU that the server takes for it. */
  readonly cpu: number
  /** Events a second of 200 tabs, each of which makes one after the other. */
  readonly rate: number
  /** Microseconds of one event of a tab that has 10,000 rows as well. */
  readonly beside: number
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function open(kind: Kind, dir: string): Promise<Side> {
  const { process: serving, ask } = child(new URL('./child.ts', import.meta.url), [kind, dir])
  const port = await ask<number>('port')
  const tabs: HeldClient[] = []
  for (let tab = 0; tab < 200; tab += 1) tabs.push(await heldClient(port, [bench]))
  const beside = await heldClient(port, [list])
  const end = () => {
    for (const tab of [...tabs, beside]) tab.close()
    serving.disconnect()
  }
  return { ask, tabs, beside, end }
}

async function measure({ ask, tabs, beside }: Side): Promise<Figures> {
  const times: number[] = []
  const calls = quick ? 500 : 2_000
  await ask('load')
  for (let call = 0; call < calls; call += 1) times.push(await timed(() => (tabs[0] as HeldClient).add('bench', 1)))
  const { cpuMs } = await ask<{ cpuMs: number }>('load')
  const each = quick ? 10 : 50
  const ms = await timed(() =>
    Promise.all(
      tabs.map(async (tab) => {
        for (let call = 0; call < each; call += 1) await tab.add('bench', 1)
      }),
    ),
  )
  const besides: number[] = []
  for (let call = 0; call < calls / 4; call += 1) besides.push(await timed(() => beside.add('list', 1)))
  return {
    trip: median(times) * 1000,
    cpu: (cpuMs * 1000) / calls,
    rate: (tabs.length * each) / (ms / 1000),
    beside: median(besides) * 1000,
  }
}

/** Bytes an event: of the change as the page gets it, given to the store, and written to the disk. */
async function bytes({ ask, tabs: [tab] }: Side): Promise<Readonly<Record<'change' | 'given' | 'written', number>>> {
  if (!tab) throw new Error('There is no tab.')
  const calls = quick ? 200 : 1_000
  await ask('given', true)
  await tab.add('bench', 1) // the first one is written whole, as nobody has counted before
  const before = { change: tab.bytes(), written: await ask<number>('written') }
  await ask('given', true)
  for (let call = 0; call < calls; call += 1) await tab.add('bench', 1)
  const change = tab.bytes() - before.change
  const given = await ask<number>('given', false)
  const written = (await ask<number>('written')) - before.written
  return { change: change / calls, given: given / calls, written: written / calls }
}

const root = mkdtempSync(join(tmpdir(), 'heldstate-stores-'))
const sides = new Map<Kind, Side>()
const figures = new Map<Kind, Figures[]>()
for (const kind of kinds) {
  sides.set(kind, await open(kind, join(root, kind)))
  figures.set(kind, [])
}
for (let round = 0; round <= rounds; round += 1)
  for (const kind of round % 2 ? kinds : [...kinds].reverse()) {
    const figure = await measure(sides.get(kind) as Side)
    if (round > 0) figures.get(kind)?.push(figure) // the first one warms up
  }

const of = (kind: Kind, name: keyof Figures) => median((figures.get(kind) ?? []).map((figure) => figure[name]))
const newer = Number(process.versions.node.split('.')[0]) >= 22
const rows: readonly [keyof Figures, string, target: number, good: 'most' | 'least'][] = [
  ['trip', 'round trip of one event, p50, µs', 1.4, 'most'],
  ['cpu', 'CPU of the server an event, µs', newer ? 1.5 : 1.7, 'most'],
  ['rate', '200 tabs, events a second', 0.6, 'least'],
]
console.log(
  `The disk store beside the memory store, Node ${process.versions.node}, medians of ${rounds} rounds; ±15 % is noise`,
)
for (const [name, title, target, good] of rows) {
  const ratio = of('disk', name) / of('memory', name)
  const reached = good === 'most' ? ratio <= target : ratio >= target
  const shown = kinds.map((kind) => `${kind} ${of(kind, name).toFixed(0)}`).join(', ')
  const power = (of('power', name) / of('memory', name)).toFixed(2)
  console.log(
    `${reached ? 'reached' : 'missed '}  ${ratio.toFixed(2).padStart(6)}×  (at ${good} ${target})  ${title}: ${shown} (power ${power}×)`,
  )
}
const beside = of('disk', 'beside') / of('disk', 'trip')
console.log(
  `${beside <= 1.2 ? 'reached' : 'missed '}  ${beside.toFixed(2).padStart(6)}×  (at most 1.2)  an event beside 10,000 rows, on the disk, to one alone, µs: ${of('disk', 'beside').toFixed(0)}`,
)
for (const kind of ['disk', 'power'] as const) {
  const { change, given, written } = await bytes(sides.get(kind) as Side)
  const most = 2 * change + 500
  console.log(
    `${given <= most ? 'reached' : 'missed '}  ${given.toFixed(0).padStart(6)} B  (at most ${most.toFixed(0)})  bytes an event that the ${kind} store is given, of a change of ${change.toFixed(0)}; pages of the file and its log: ${written.toFixed(0)}`,
  )
}
for (const side of sides.values()) side.end()
rmSync(root, { recursive: true, force: true })
process.exit(0)
