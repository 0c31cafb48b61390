/**
 * Thousands of tabs of one process lose their connections at once, and all come back: how long it takes until the last one is live again, and how
 * long the event loop of the server stands still. Next to it, Socket.IO that sends each socket a counter. `npm run bench:crowd`, or
 * `npm run bench:crowd -- --quick`.
 */
import { execSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, child } from '../child.js'
import { median, note, timed } from '../report.js'
import { type Side, sides } from '../socketio/definitions.js'
import type { Stop } from './server.js'

const quick = process.argv.includes('--quick')
const wanted = quick ? 1_000 : 10_000
const cuts = quick ? 1 : 3
const processes = quick ? 2 : 4

/** Descriptors that a process needs on top of those of its connections. */
const spare = 200
const allowed = Number(execSync('ulimit -Hn', { shell: '/bin/sh', encoding: 'utf8' })) // NaN where there is no bound
const tabs = Number.isNaN(allowed) ? wanted : Math.min(wanted, allowed - spare)

interface Back {
  readonly seconds: number
  readonly stop: Stop
}

interface Crowd {
  readonly backs: readonly Back[]
  readonly lost: number
  readonly rss: number
  readonly expensive: readonly string[]
}

async function crowd(side: Side): Promise<Crowd> {
  const server = child(new URL('./server.ts', import.meta.url), [side])
  const port = await server.ask<number>('port')
  const clients = Array.from({ length: processes }, () =>
    child(new URL('./tabs.ts', import.meta.url), [side, `${port}`]),
  )
  const share = Math.ceil(tabs / processes)
  const all = <T>(question: string, given?: (index: number) => unknown) =>
    Promise.all(clients.map(({ ask }, index) => ask<T>(question, given?.(index))))
  await all('open', (index) => ({ from: index * share, count: Math.min(share, tabs - index * share) }))
  let lost = 0
  let changes = 0
  const change = async () => {
    changes += side === 'held' ? 1 : 0
    for (const count of await all<number>('add', () => changes)) lost += count
  }
  await change()
  const back = async (): Promise<Back> => {
    await quiet(server)
    const ms = await timed(() => all('cut'))
    const stop = await server.ask<Stop>('stop')
    await change()
    return { seconds: ms / 1000, stop }
  }
  const backs: Back[] = []
  for (let cut = 0; cut < cuts; cut += 1) backs.push(await back())
  await quiet(server)
  await server.ask('profile')
  await all('cut')
  const expensive = await server.ask<string[]>('profiled')
  const rss = await server.ask<number>('memory')
  for (const { process } of [...clients, server]) process.disconnect()
  return { backs, lost, rss, expensive }
}

/** What was before is over, and its garbage is collected. */
async function quiet({ ask }: Child): Promise<void> {
  await ask('collect')
  await sleep(2_000)
  const connected = await ask<number>('connected')
  if (connected !== tabs) throw new Error(`${connected} of ${tabs} tabs are connected`)
  await ask('stop')
}

const shown = ({ backs }: Crowd) => ({
  seconds: median(backs.map(({ seconds }) => seconds)),
  stop: [...backs].sort((a, b) => a.stop.stopMs - b.stop.stopMs).at(-1)?.stop as Stop,
})

console.log(`${tabs} tabs in one process, cut ${cuts} time${cuts > 1 ? 's' : ''}, next to Socket.IO`)
if (tabs < wanted) console.log(`This machine allows a process ${allowed} descriptors, too few for ${wanted} tabs.`)
const crowds = {} as Record<Side, Crowd>
for (const side of sides) crowds[side] = await crowd(side)
const [bare, held] = [shown(crowds.bare), shown(crowds.held)]
const { expensive, lost, rss } = crowds.held
note({
  name: `${tabs} tabs cut at once, until all are live again`,
  value: held.seconds,
  target: 3,
  good: 'most',
  unit: 's',
  detail: `${bare.seconds.toFixed(1)} s bare; ${(rss / 2 ** 20).toFixed(0)} MB in the server`,
  expensive,
})
const { stopMs, ranMs, waitedMs, came } = held.stop
const moved = `${Math.abs(came)} tabs ${came < 0 ? 'left' : 'came'} in it`
note({
  name: 'the longest stop of the event loop meanwhile',
  value: stopMs,
  target: 50,
  good: 'most',
  unit: 'ms',
  detail: `${ranMs.toFixed(0)} ms of it on the processor, ${waitedMs.toFixed(0)} ms waiting for it; ${moved}; ${bare.stop.stopMs.toFixed(0)} ms bare`,
})
note({ name: 'values that were not kept', value: lost, target: 0, good: 'most', unit: `of ${tabs * (cuts + 1)}` })
process.exit(0)
