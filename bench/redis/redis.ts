/**
 * heldstate on redis beside the naive way (SET NX, GET, SET, DEL for each event): the same client and the same redis, in one
 * run, alternating, medians of the rounds. Only the ratios mean something. `npm run bench:redis`, or with `-- --quick`. Needs
 * redis-server 7 or newer, in the PATH or named by REDIS_SERVER; it starts one of its own.
 */
import { RedisServer } from '../../lib/cluster/redis/server.fixture.js'
import { child } from '../child.js'
import type { Cost, Group, Load, Side, Way } from './child.js'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 9
const events = quick ? 500 : 2_000
/** Calls of one tab that it does not wait for. */
const inFlight = 50

const server = await RedisServer.start()
const sides = Object.fromEntries(
  (['naive', 'tuned', 'held'] as const).map((side) => [
    side,
    child(new URL('./child.ts', import.meta.url), [side, server.url]),
  ]),
) as Record<Side, ReturnType<typeof child>>

type Variant = readonly [side: Side, load: Load]

/** New tokens, and a load on them. */
async function variant(side: Side, way: Way, load: Partial<Load & Group> = {}): Promise<Variant> {
  const { definition = 'bench', tokens = 1, act = 'add', count = events, inFlight = 1 } = load
  const group = load.group ?? (await sides[side].ask<number>('open', { way, definition, tokens } satisfies Group))
  return [side, { group, act, count, inFlight }]
}

const run = ([side, load]: Variant) => sides[side].ask<Cost>('run', load)

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number

/** The medians of rounds in which the variants alternate. */
async function compare<Name extends string>(variants: Record<Name, Promise<Variant>>): Promise<Record<Name, Cost>> {
  const costs = new Map<Name, Cost[]>()
  const ready = new Map<Name, Variant>()
  for (const name of Object.keys(variants) as Name[]) ready.set(name, await variants[name])
  const names = [...ready.keys()]
  for (let round = -1; round < rounds; round += 1)
    for (const name of round % 2 ? names : [...names].reverse()) {
      const cost = await run(ready.get(name) as Variant)
      if (round >= 0) costs.set(name, [...(costs.get(name) ?? []), cost]) // the first one warms up
    }
  const of = (name: Name, what: keyof Cost) => median((costs.get(name) as Cost[]).map((cost) => cost[what]))
  const medians = names.map((name) => [name, { time: of(name, 'time'), cpu: of(name, 'cpu') }])
  return Object.fromEntries(medians) as Record<Name, Cost>
}

/** Commands that clients have sent for each event. What a script does inside of redis is no round trip, and not counted. */
async function roundTrips(variant: Variant, commands: readonly string[]): Promise<number> {
  await server.command('CONFIG', 'RESETSTAT')
  await run(variant)
  const stats = String(await server.command('INFO', 'commandstats'))
  const calls = commands.map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
  return calls.reduce((sum, count) => sum + count, 0) / variant[1].count
}

/** A good value is at most, or at least, the target; without one it is for information. */
function note(name: string, value: number, target: readonly ['most' | 'least', number] | undefined, detail: string) {
  const [good, bound] = target ?? []
  const near = Math.round(value * 100) / 100
  const reached = bound !== undefined && (good === 'most' ? near <= bound : near >= bound)
  const verdict = target ? (reached ? 'reached' : 'missed') : ''
  const aim = target ? `(at ${good} ${bound})` : ''
  console.log(`${verdict.padEnd(8)} ${`${value.toFixed(2)}×`.padStart(8)}  ${aim.padEnd(14)} ${name}: ${detail}`)
}

const shown = ({ time, cpu }: Cost) => `${Math.round(1e6 / time)}/s (CPU ${cpu.toFixed(0)} µs)`

type Costs = Record<'naive' | 'tuned' | 'held' | 'called', Cost>

/** The naive way tells no page; ours does, and is measured without as well. */
function notes(name: string, { naive, tuned, held, called }: Costs, least: number | undefined, besides = ''): void {
  const target = least === undefined ? undefined : (['least', least] as const)
  note(name, naive.time / held.time, target, `${shown(naive)} naive${besides}, ${shown(held)} held`)
  note('  the same by hub.call, without a page', naive.time / called.time, target, shown(called))
  note('  held, to the naive way without timers', tuned.time / held.time, undefined, `${shown(tuned)} naive`)
}

/** The naive way in its fastest form, the client as it comes and tuned, and ours, for a page and for code of the server. */
const all = (load: Partial<Load & Group>) => ({
  naive: variant('naive', 'mutex', load),
  tuned: variant('tuned', 'mutex', load),
  held: variant('held', 'page', load),
  called: variant('held', 'called', load),
})

try {
  console.log(
    `heldstate on redis beside SET NX, GET, SET, DEL; medians of ${rounds} rounds; ±15 % is noise; CPU is that of node`,
  )
  // each waits for a round trip, where the naive way waits for four
  notes('one token, one event after the other', await compare(all({})), undefined)

  const load = { inFlight }
  const retrying = variant('naive', 'retry', { inFlight, count: 2 * inFlight })
  const { retry, ...burst } = await compare({ ...all(load), retry: retrying })
  const naive = retry.time < burst.naive.time ? retry : burst.naive
  const besides = ` with a mutex (${shown(retry)} asking redis again)`
  notes(`one token, ${inFlight} events in flight`, { ...burst, naive }, 5, besides)

  notes('200 tokens, each one event after the other', await compare(all({ tokens: 200, count: events * 3 })), 3)

  const trips = await roundTrips(await variant('held', 'page', {}), ['evalsha', 'eval', 'get', 'set', 'del'])
  const naiveTrips = await roundTrips(await variant('naive', 'mutex', {}), ['get', 'set', 'del'])
  note('round trips an event', trips, ['most', 1], `${naiveTrips.toFixed(2)} naive`)

  const few = { count: events / 4 }
  const large = { definition: 'list', ...few } as const
  const [, { group }] = await variant('held', 'page', large)
  const [, { group: naiveGroup }] = await variant('naive', 'mutex', large)
  const { alone, beside, row } = await compare({
    alone: variant('held', 'page', few),
    beside: variant('held', 'page', { ...large, group }),
    row: variant('held', 'page', { ...large, group, act: 'rename' }),
  })
  const naiveLarge = await compare({
    beside: variant('naive', 'mutex', { group: naiveGroup, count: 20 }),
    row: variant('naive', 'mutex', { group: naiveGroup, count: 20, act: 'rename' }),
  })
  const micros = ({ time }: Cost) => `${time.toFixed(0)} µs`
  note(
    'an increment beside 10,000 rows, to its cost alone',
    beside.time / alone.time,
    ['most', 1.2],
    `${micros(alone)} alone, ${micros(beside)} beside; naive ${micros(naiveLarge.beside)}`,
  )
  const rows = `${micros(row)}; naive ${micros(naiveLarge.row)}`
  note('a changed row of 10,000, to an increment alone', row.time / alone.time, undefined, rows)
} finally {
  for (const { process } of Object.values(sides)) process.disconnect()
  await server.remove()
}
process.exit(0)
