/**
 * Tabs whose connections are cut at random every few seconds: heldstate beside plain Socket.IO, and Socket.IO with its own
 * recovery. `npm run bench:jitter`, or with `-- --quick`, `-- --clients 1000`, or any name of the settings below.
 *
 * A round is one side alone: a server in one process, all clients in another. Sides take turns (`--beside`: run at the same
 * time), with the same schedule of cuts and clicks, drawn from the seed. Each client has a counter on the server that
 * changes every 25 to 75 ms, whether the client is there or not, and clicks about once a second, and at half of the cuts within
 * the 2 ms before it, so that the answer is lost. A cut destroys the TCP socket in the client's process, half of them with a
 * reset, which throws away what is under way to the server too. Counters, clicks and cuts end all at once, so that some
 * clients are away when their last value is made; then all have time to come back.
 *
 * On all sides: websocket only, perMessageDeflate off, reconnectionDelay 300 ms, reconnectionDelayMax 5 s,
 * randomizationFactor 0.5, the headers of a handshake, and `[from, to, [[[0, field], value]]]` as the payload of a change.
 * - held: the default limits; memory store. A frame of 16 ms puts together what changes within it.
 * - plain: one emit for each change and for each click, and an ack for each click; no retries, which is the default.
 *   Nothing is sent on a connection that comes again, unless `--snapshot`: then the whole state.
 * - recovery: connectionStateRecovery with its defaults (2 minutes); changes go to a room, so that they are remembered for
 *   a client that is away; who could not be recovered is sent the whole state, as the documentation says. Clicks are sent
 *   with `retries: 3, ackTimeout: 10_000`, the at-least-once of the documentation (`--retries 0`: none).
 *
 * Catch-up is the time from the moment at which a transport is connected again (the client's engine opens, before anything
 * of Socket.IO or heldstate is said) until the client shows the value that the server had in that moment, or a newer one.
 * Both processes read the same monotonic clock. Only counts and ratios between sides mean something, and the tail only if
 * the processes did not wait for a CPU most of the time: the table says for how long they did.
 */
import { parseArgs } from 'node:util'
import { child, type Load } from '../child.js'
import { addClient, type Figures, noFigures, percentile } from './figures.js'
import { type Life, type Settings, type Side, sides, type Truth } from './schedule.js'

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    snapshot: { type: 'boolean', default: false },
    beside: { type: 'boolean', default: false },
    clients: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string' },
    durationMs: { type: 'string' },
    changes: { type: 'string', default: '1' },
    everyMs: { type: 'string', default: '50' },
    cutEveryMs: { type: 'string', default: '4000' },
    clickEveryMs: { type: 'string', default: '1000' },
    retries: { type: 'string', default: '3' },
  },
})

const rounds = Number(given.rounds ?? (given.quick ? 1 : 5))
const settings: Settings = {
  seed: Number(given.seed),
  clients: Number(given.clients),
  durationMs: Number(given.durationMs ?? (given.quick ? 6_000 : 7_000)),
  changes: Number(given.changes),
  everyMs: Number(given.everyMs),
  cutEveryMs: Number(given.cutEveryMs),
  clickEveryMs: Number(given.clickEveryMs),
  retries: Number(given.retries),
  snapshot: given.snapshot,
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const total: Record<Side, Figures> = { held: noFigures(), plain: noFigures(), recovery: noFigures() }
const noLoads = () => ({ server: [] as Load[], clients: [] as Load[] })
const loads: Record<Side, ReturnType<typeof noLoads>> = { held: noLoads(), plain: noLoads(), recovery: noLoads() }
/** The p99 of each round by itself, to see how far they differ. */
const p99s: Record<Side, number[]> = { held: [], plain: [], recovery: [] }

async function play(side: Side, round: number): Promise<void> {
  const server = child(new URL('./server.ts', import.meta.url), [side, JSON.stringify(settings)])
  const port = await server.ask<number>('port')
  const clients = child(new URL('./clients.ts', import.meta.url), [
    side,
    JSON.stringify(settings),
    `${round}`,
    `${port}`,
  ])
  await clients.ask('connect')
  await clients.ask('run')
  await server.ask('load')
  await clients.ask('load')
  await clients.ask('live')
  loads[side].server.push(await server.ask<Load>('load'))
  loads[side].clients.push(await clients.ask<Load>('load'))
  await server.ask('stop')
  for (let waited = 0; waited < 15_000 && !(await clients.ask<boolean>('connected')); waited += 100) await pause(100)
  await pause(1_500) // for what is on its way, and for calls that are sent again
  const lives = await clients.ask<Life[]>('lives')
  const truths = await server.ask<Truth[]>('truth')
  const figures = noFigures()
  for (const into of [figures, total[side]])
    for (const [client, life] of lives.entries()) addClient(into, life, truths[client] as Truth)
  p99s[side].push(percentile(figures.catchUp, 0.99))
  clients.process.disconnect()
  server.process.disconnect()
}

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`
const millis = (ms: number) => `${ms.toFixed(1)} ms`
/** Share of the time for which a process was busy, or waited. */
const timeShare = (each: readonly Load[], what: 'cpuMs' | 'waitedMs') =>
  `${((100 * each.reduce((sum, { [what]: ms }) => sum + ms, 0)) / (rounds * settings.durationMs)).toFixed(0)} %`
const both = (side: Side, what: 'cpuMs' | 'waitedMs') =>
  `${timeShare(loads[side].server, what)}, ${timeShare(loads[side].clients, what)}`
const stalled = (each: readonly Load[]) => each.map(({ stallMs }) => stallMs.toFixed(0)).join('·')
const perClientSecond = (count: number) => count / (rounds * settings.clients * (settings.durationMs / 1000))

const rows: readonly (readonly [name: string, cell: (figures: Figures, side: Side) => string])[] = [
  ['reconnects', ({ reconnects }) => `${reconnects}`],
  ['of these given what they had missed', ({ resumed, reconnects }) => share(resumed, reconnects)],
  ['final values that arrived', ({ finals, clients }) => share(finals, clients)],
  ['values of the counter that were shown', ({ shown, changes }) => share(shown, changes)],
  ['values shown again or out of order', ({ stepsBack }) => `${stepsBack}`],
  ['clicks made', ({ clicks }) => `${clicks}`],
  ['clicks applied twice', ({ duplicates }) => `${duplicates}`],
  ['acknowledged clicks lost', ({ acknowledgedLost }) => `${acknowledgedLost}`],
  ['clicks that failed (of these applied)', ({ failed, failedButRun }) => `${failed} (${failedButRun})`],
  ['clicks unsettled (of these applied)', ({ unsettled, unsettledButRun }) => `${unsettled} (${unsettledButRun})`],
  ['catch-up p50', ({ catchUp }) => millis(percentile(catchUp, 0.5))],
  ['catch-up p90', ({ catchUp }) => millis(percentile(catchUp, 0.9))],
  ['catch-up p99', ({ catchUp }) => millis(percentile(catchUp, 0.99))],
  ['catch-up p99, median of the rounds', (_, side) => millis(percentile(p99s[side], 0.5))],
  ['catch-up p99 of each round', (_, side) => p99s[side].map((ms) => ms.toFixed(0)).join('·')],
  ['reconnects cut before they caught up', ({ cutBefore }) => `${cutBefore}`],
  ['reconnects that never caught up', ({ neverCaughtUp }) => `${neverCaughtUp}`],
  ['messages down a client and second', ({ messages }) => perClientSecond(messages).toFixed(2)],
  ['bytes down a client and second', ({ bytesDown }) => perClientSecond(bytesDown).toFixed(0)],
  ['bytes up a client and second', ({ bytesUp }) => perClientSecond(bytesUp).toFixed(0)],
  ['CPU of the server, the clients', (_, side) => both(side, 'cpuMs')],
  ['waited for a CPU: server, clients', (_, side) => both(side, 'waitedMs')],
  ['worst stall of the server, ms, each round', (_, side) => stalled(loads[side].server)],
  ['worst stall of the clients', (_, side) => stalled(loads[side].clients)],
]

function print(): void {
  const row = (name: string, cells: readonly string[]) =>
    console.log(`${name.padEnd(40)}${cells.map((cell) => cell.padStart(22)).join('')}`)
  row('', ['heldstate', 'plain', 'recovery'])
  for (const [name, cell] of rows)
    row(
      name,
      sides.map((side) => cell(total[side], side)),
    )
}

function targets(): void {
  const { held } = total
  const ratio = percentile(p99s.held, 0.5) / percentile(p99s.recovery, 0.5)
  const reached: readonly (readonly [boolean, string])[] = [
    [held.finals === held.clients, 'all final values arrive'],
    [held.duplicates === 0, 'no click is applied twice'],
    [held.acknowledgedLost === 0, 'no acknowledged click is lost'],
    [held.unsettled === 0, 'every click settles'],
    [ratio < 1, `catch-up p99, the median of the rounds, below that of Socket.IO's recovery: ${ratio.toFixed(2)}×`],
  ]
  console.log()
  for (const [good, name] of reached) console.log(`${good ? 'reached' : 'missed '}  ${name}`)
}

const { clients, durationMs, everyMs, changes, cutEveryMs, clickEveryMs, seed } = settings
console.log(
  `${clients} clients, ${rounds} × ${durationMs / 1000} s a side, seed ${seed}; for each client: ${changes} change(s) about every ${everyMs} ms, a click about every ${clickEveryMs} ms, a cut about every ${cutEveryMs} ms\n`,
)
await pause(2_000) // a compiler that ran before is still busy ending
for (let round = 0; round < rounds; round += 1)
  if (given.beside) await Promise.all(sides.map((side) => play(side, round)))
  else
    for (let turn = 0; turn < sides.length; turn += 1) await play(sides[(round + turn) % sides.length] as Side, round)
print()
targets()
