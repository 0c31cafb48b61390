/**
 * heldstate on redis beside the naive way (SET NX, GET, SET, DEL for each event): the same client, the same redis, in one run,
 * alternating, medians of the rounds. Only the ratios mean something. `npm run bench:redis`, or with `-- --quick`. Needs
 * redis-server 7 or newer, in the PATH or named by REDIS_SERVER; it starts one of its own.
 */
import { createClient } from 'redis'
import { createHub } from '../lib/dist/hub/hub.js'
import { redisStore } from '../lib/dist/store/redis.js'
import { RedisServer } from '../lib/store/redis-server.fixture.js'
import { bench, list } from './definitions.js'
import { calledToken, heldToken, naiveToken, type Token } from './redis-sides.js'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 9
const events = quick ? 500 : 2_000
/** Calls of one tab that it does not wait for, at most. */
const inFlight = 50

const server = await RedisServer.start()
const redis = createClient({ url: server.url, RESP: 2 })
await redis.connect()
const hub = createHub({ store: redisStore(server.url) })
hub.registry.add(bench, list)
await hub.resume()

type Load = (tokens: readonly Token[]) => Promise<void>

const sequential =
  (count: number, act = (token: Token) => token.add()): Load =>
  async (tokens) => {
    await Promise.all(
      tokens.map(async (token) => {
        for (let done = 0; done < count / tokens.length; done += 1) await act(token)
      }),
    )
  }

const pipelined =
  (count: number): Load =>
  async (tokens) => {
    await Promise.all(
      tokens.map(async (token) => {
        for (let done = 0; done < count / tokens.length; done += inFlight)
          await Promise.all(Array.from({ length: inFlight }, () => token.add()))
      }),
    )
  }

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number

/** Microseconds an event, for each variant: the medians of rounds in which they alternate. */
async function compare<Name extends string>(
  variants: Record<Name, readonly [load: Load, tokens: readonly Token[], count: number]>,
): Promise<Record<Name, number>> {
  const names = Object.keys(variants) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -1; round < rounds; round += 1)
    for (const name of round % 2 ? names : [...names].reverse()) {
      const [load, tokens, count] = variants[name]
      const began = performance.now()
      await load(tokens)
      if (round >= 0) times[name].push(((performance.now() - began) * 1000) / count) // the first one warms up
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>
}

/** Commands that clients have sent for each event. What a script does inside of redis is no round trip, and not counted. */
async function roundTrips(token: Token, commands: readonly string[]): Promise<number> {
  await redis.sendCommand(['CONFIG', 'RESETSTAT'])
  await sequential(events)([token])
  const stats = String(await redis.sendCommand(['INFO', 'commandstats']))
  const calls = commands.map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
  return calls.reduce((sum, count) => sum + count, 0) / events
}

const rate = (micros: number) => `${Math.round(1e6 / micros)}/s`

/** A good value is at most, or at least, the target; without one it is for information. */
function note(
  name: string,
  value: number,
  target: readonly ['most' | 'least', number] | undefined,
  detail: string,
): void {
  const [good, bound] = target ?? []
  const near = Math.round(value * 100) / 100
  const reached = bound !== undefined && (good === 'most' ? near <= bound : near >= bound)
  const verdict = target ? (reached ? 'reached' : 'missed') : ''
  const aim = target ? `(at ${good} ${bound})` : ''
  console.log(`${verdict.padEnd(8)} ${`${value.toFixed(2)}×`.padStart(8)}  ${aim.padEnd(14)} ${name}: ${detail}`)
}

console.log(`heldstate on redis beside SET NX, GET, SET, DEL; medians of ${rounds} rounds; ±15 % is noise`)

const first = () => ({ counter: 0, text: '' })
const many = <T>(make: () => Promise<T> | T, count = 200) => Promise.all(Array.from({ length: count }, make))
const held = await heldToken(hub, 'bench')
const called = calledToken(hub, 'bench')
const mutex = await naiveToken(redis, first(), 'mutex')
const retry = await naiveToken(redis, first(), 'retry')

const one = await compare({
  naive: [sequential(events), [mutex], events],
  held: [sequential(events), [held], events],
  called: [sequential(events), [called], events],
})
note(
  'one token, one event after the other',
  one.naive / one.held,
  ['least', 5],
  `${rate(one.naive)} naive, ${rate(one.held)} held`,
)
note('the same, hub.call without a page', one.naive / one.called, undefined, rate(one.called))

const burst = await compare({
  mutex: [pipelined(events), [mutex], events],
  retry: [pipelined(events / 4), [retry], events / 4],
  held: [pipelined(events), [held], events],
  called: [pipelined(events), [called], events],
})
const better = burst.mutex < burst.retry ? 'mutex' : 'retry'
const both = `mutex ${rate(burst.mutex)}, retry ${rate(burst.retry)}`
note(
  `one token, ${inFlight} events in flight`,
  burst[better] / burst.held,
  ['least', 5],
  `naive with a ${both}; ${rate(burst.held)} held`,
)
note('the same, hub.call without a page', burst[better] / burst.called, undefined, rate(burst.called))

const tabs = await many(() => heldToken(hub, 'bench'))
const naives = await many(() => naiveToken(redis, first(), 'mutex'))
const calledMany = await many(() => calledToken(hub, 'bench'))
const total = events * 5
const all = await compare({
  naive: [sequential(total), naives, total],
  held: [sequential(total), tabs, total],
  called: [sequential(total), calledMany, total],
})
note(
  '200 tokens, each one event after the other',
  all.naive / all.held,
  ['least', 3],
  `${rate(all.naive)} naive, ${rate(all.held)} held`,
)
note('the same, hub.call without a page', all.naive / all.called, undefined, rate(all.called))

const trips = await roundTrips(held, ['evalsha', 'eval', 'get', 'set', 'del'])
note('round trips an event', trips, ['most', 1], `${(await roundTrips(mutex, ['get', 'set', 'del'])).toFixed(2)} naive`)

const few = events / 4
const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `row ${id}`, done: false }))
const naiveList = await naiveToken(redis, { counter: 0, rows }, 'mutex')
const beside = await heldToken(hub, 'list')
let renamed = 0
const rename = (token: Token) => token.change((renamed += 1) % 10_000, `a new name ${renamed}`)
const large = await compare({
  alone: [sequential(few), [held], few],
  beside: [sequential(few), [beside], few],
  row: [sequential(few, rename), [beside], few],
  naive: [sequential(few / 25), [naiveList], few / 25],
  naiveRow: [sequential(few / 25, rename), [naiveList], few / 25],
})
const micros = (value: number) => `${value.toFixed(0)} µs`
note(
  'an increment beside 10,000 rows, to its cost alone',
  large.beside / large.alone,
  ['most', 1.2],
  `${micros(large.alone)} alone, ${micros(large.beside)} beside; naive ${micros(large.naive)}`,
)
note(
  'a changed row of 10,000, to an increment alone',
  large.row / large.alone,
  undefined,
  `${micros(large.row)}; naive ${micros(large.naiveRow)}`,
)

await hub.close()
redis.destroy()
await server.remove()
process.exit(0)
